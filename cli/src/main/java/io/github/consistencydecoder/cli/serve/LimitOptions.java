package io.github.consistencydecoder.cli.serve;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.core.memory.MemorySize;
import io.github.consistencydecoder.server.SidecarConfig;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Options for the sidecar's limits and its end. */
final class LimitOptions {
  private static final Pattern SIDES = Pattern.compile("(\\d{1,5})x(\\d{1,5})");

  @Option(
      names = {"--workers", "--lanes"},
      paramLabel = "N",
      description = "Decodes that run at the same time. Default: 1.")
  private Integer workers;

  @Option(
      names = "--max-pixels",
      paramLabel = "N",
      description = "Of all pictures of a call. Default: up to 4194304, by the Java heap.")
  private Long maxPixels;

  @Option(names = "--max-batch", paramLabel = "N", description = "Pictures of a call. Default: 16.")
  private Integer maxBatch;

  @Option(
      names = "--max-queue",
      paramLabel = "SECONDS",
      description = "Predicted work that may wait. Default: 60.")
  private Double maxQueue;

  @Option(
      names = "--max-time",
      paramLabel = "SECONDS",
      description = "Of a call, waiting included, whatever its caller says. Default: 900.")
  private Double maxTime;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = {
        "That running decodes may need together, such as 8GB. Default: seven tenths of what is",
        "available at the start."
      })
  private String memory;

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Of each endpoint, at the same time. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--warm",
      paramLabel = "WxH",
      description = "Size of a picture that is decoded before the server is ready; repeatable.")
  private List<String> warm = new ArrayList<>();

  @Option(
      names = "--drain-delay",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description = {
        "After SIGTERM, time in which health says NOT_SERVING and calls are still taken, for",
        "balancers to notice. Default: ${DEFAULT-VALUE}."
      })
  private double drainDelay;

  @Option(
      names = "--grace",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "After that, time that accepted calls have to finish. Default: ${DEFAULT-VALUE}.")
  private double grace;

  /** Bytes that running decodes may need together, beyond the loaded models. */
  long memoryBytes() {
    if (memory == null) {
      return ServiceLimits.defaults().memoryBytes();
    }
    try {
      return MemorySize.parse(memory);
    } catch (IllegalArgumentException e) {
      throw usage("--memory: " + e.getMessage());
    }
  }

  void addTo(SidecarConfig config) {
    ServiceLimits usual = ServiceLimits.defaults();
    try {
      config.limits(
          new ServiceLimits(
              maxPixels == null ? usual.maxPixels() : atLeast(64, "--max-pixels", maxPixels),
              maxBatch == null ? usual.maxBatch() : (int) atLeast(1, "--max-batch", maxBatch),
              maxTime == null ? usual.maxTime() : seconds("--max-time", maxTime),
              maxQueue == null ? usual.maxQueued() : seconds("--max-queue", maxQueue),
              memoryBytes(),
              workers == null ? usual.workers() : (int) atLeast(1, "--workers", workers)));
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
    config
        .connections((int) atLeast(1, "--max-connections", connections))
        .drainDelay(seconds("--drain-delay", drainDelay))
        .grace(seconds("--grace", grace))
        .warmUp(warm.stream().map(LimitOptions::size).toList());
  }

  private static long atLeast(long least, String option, long value) {
    if (value < least) {
      throw usage(option + " " + value + ": at least " + least + " is needed");
    }
    return value;
  }

  private static Duration seconds(String option, double value) {
    if (!(value >= 0 && value <= 1e6)) {
      throw usage(option + " " + value + ": seconds from 0 to a million are needed");
    }
    return Duration.ofNanos((long) (value * 1e9));
  }

  private static DecodeSize size(String text) {
    Matcher matcher = SIDES.matcher(text);
    if (matcher.matches()) {
      int width = Integer.parseInt(matcher.group(1));
      int height = Integer.parseInt(matcher.group(2));
      if (width > 0 && height > 0 && width % 8 == 0 && height % 8 == 0) {
        return new DecodeSize(1, height / 8, width / 8, 2);
      }
    }
    throw usage(
        "--warm " + text + ": width and height, multiples of 8, such as 512x512 are needed");
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }
}
