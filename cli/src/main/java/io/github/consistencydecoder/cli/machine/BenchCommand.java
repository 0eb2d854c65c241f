package io.github.consistencydecoder.cli.machine;

import com.sun.management.OperatingSystemMXBean;
import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DecoderOptions;
import io.github.consistencydecoder.cli.options.SamplingOptions;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.core.memory.MemorySize;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench}. */
@Command(
    name = "bench",
    description = "Measure decodes of random latents.",
    footer = {
      "",
      "The figures of the last lines, and cpu_seconds, wall_seconds and gflop_per_core_second of"
          + " the",
      "JSON document, are those of the run with the median processor time; on a GPU, with the",
      "median wall time."
    })
public final class BenchCommand implements Callable<Integer> {
  private static final double TERA = 1e12;
  private static final int LARGEST_SIDE = 16384;
  private static final int LARGEST_BATCH = 64;

  @Option(
      names = "--size",
      paramLabel = "PIXELS|WxH",
      defaultValue = "512",
      description = "Size of the picture, multiples of 8. Default: ${DEFAULT-VALUE}.")
  private String size;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "1",
      description = "Latents decoded at once. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs that count. Default: ${DEFAULT-VALUE}.")
  private int repeat;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      defaultValue = "1",
      description = "Runs before them. Default: ${DEFAULT-VALUE}.")
  private int warmup;

  @Mixin private SamplingOptions sampling;
  @Mixin private DecoderOptions decoder;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Console console = common.console(spec.commandLine());
    int[] pixels = pixels();
    requireAtLeast("--batch", batch, 1);
    if (batch > LARGEST_BATCH) {
      throw new CliException(
          ExitCode.USAGE, "--batch " + batch + ": at most " + LARGEST_BATCH + " is possible");
    }
    requireAtLeast("--repeat", repeat, 1);
    requireAtLeast("--warmup", warmup, 0);
    Latents latents = randomLatents(pixels[0] / 8, pixels[1] / 8);
    try (Interruption.Guard guard = Interruption.process().guard()) {
      DecodeOptions options = sampling.read().cancellation(guard.cancellation()).build();
      long start = System.nanoTime();
      try (LatentDecoder open = decoder.open(console)) {
        double openSeconds = (System.nanoTime() - start) / 1e9;
        Runs runs = run(console, open, latents, options);
        // Afterwards, since it says what the decodes had to be done again in.
        report(console, open.info(), pixels, options, openSeconds, runs);
        return ExitCode.OK;
      } catch (DecoderException e) {
        if (guard.interrupted()) {
          return guard.exitCode();
        }
        throw e;
      }
    }
  }

  /**
   * What was measured.
   *
   * @param runs that count
   * @param plan how the last one was divided; empty if the decoder does not say
   * @param predictedBytes of memory at the peak of a decode, as the decoder said beforehand
   * @param measuredBytes that the process grew by at most
   */
  private record Runs(
      List<Measurement> runs, String plan, long predictedBytes, long measuredBytes) {}

  private Runs run(Console console, LatentDecoder open, Latents latents, DecodeOptions options) {
    DecodeEstimate estimate =
        open.estimate(latents.batch(), latents.height(), latents.width(), options);
    try (PeakSampling memory = new PeakSampling()) {
      AtomicReference<String> plan = new AtomicReference<>("");
      List<Measurement> runs =
          run(
              console,
              () -> plan.set(plan(open.decode(latents, options))),
              options.cancellation(),
              estimate);
      return new Runs(runs, plan.get(), estimate.peakBytes(), memory.grownBytes());
    }
  }

  private static String plan(Decoded decoded) {
    return decoded.metadata().getOrDefault(Decoded.PLAN, "");
  }

  private List<Measurement> run(
      Console console, Runnable decode, Cancellation cancellation, DecodeEstimate estimate) {
    List<Measurement> runs = new ArrayList<>();
    try (Progress progress = console.progress("bench", (long) warmup + repeat, " runs", 1)) {
      for (int i = 0; i < warmup + repeat; i++) {
        cancellation.check();
        Measurement one = Measurement.of(estimate.operations(), decode);
        if (i >= warmup) {
          runs.add(one);
          console.result(
              String.format(
                  Locale.ROOT,
                  "run %d: %.3f s, %.3f cpu-s, %.1f GFLOP per core-second",
                  runs.size(),
                  one.wallSeconds(),
                  one.processorSeconds(),
                  one.gflopPerCoreSecond()));
        }
        progress.reached(i + 1L);
      }
    }
    return runs;
  }

  private void report(
      Console console,
      DecoderInfo info,
      int[] pixels,
      DecodeOptions options,
      double openSeconds,
      Runs measured) {
    List<Measurement> runs = measured.runs();
    Measurement median =
        runs.stream()
            .sorted(
                Comparator.comparingLong(
                    onGpu(info) ? Measurement::wallNanos : Measurement::processorNanos))
            .skip((runs.size() - 1) / 2)
            .findFirst()
            .orElseThrow();
    long peak = SystemMemory.here().peak().orElse(-1);
    console.result(
        String.format(
            Locale.ROOT,
            "%s on %s: %dx%d, batch %d, schedule %s",
            info.model(),
            info.device(),
            pixels[1],
            pixels[0],
            batch,
            options.schedule()));
    console.result(
        String.format(
            Locale.ROOT,
            "median %.3f s, %.3f cpu-s, %.4f TFLOP, %.1f GFLOP per core-second%s; opened in %.2f s",
            median.wallSeconds(),
            median.processorSeconds(),
            median.operations() / TERA,
            median.gflopPerCoreSecond(),
            peak < 0 ? "" : String.format(Locale.ROOT, ", peak %.2f GB resident", peak / 1e9),
            openSeconds));
    console.result(
        "memory of a decode beyond the open model: predicted "
            + MemorySize.say(measured.predictedBytes())
            + (onGpu(info) ? " of the device, measured in the process " : ", measured ")
            + MemorySize.say(measured.measuredBytes())
            + (measured.plan().isEmpty() ? "" : "; plan: " + measured.plan()));
    console.document(document(info, pixels, options, openSeconds, measured, median, peak));
  }

  private static boolean onGpu(DecoderInfo info) {
    return info.device().startsWith("cuda");
  }

  private Map<String, Object> document(
      DecoderInfo info,
      int[] pixels,
      DecodeOptions options,
      double openSeconds,
      Runs measured,
      Measurement median,
      long peak) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("software", Version.software());
    document.put("model", info.model());
    document.put("digest", info.digest());
    document.put("device", info.device());
    document.put("details", info.details());
    document.put("size", List.of(pixels[1], pixels[0]));
    document.put("batch", batch);
    document.put("steps", options.schedule().timesteps().size());
    document.put("schedule", options.schedule().timesteps());
    document.put("open_seconds", openSeconds);
    document.putAll(median.asMap());
    document.put("tflop", median.operations() / TERA);
    document.put("peak_rss_bytes", peak < 0 ? null : peak);
    document.put("tiling", options.tiling().id());
    document.put("plan", measured.plan().isEmpty() ? null : measured.plan());
    document.put("predicted_peak_bytes", measured.predictedBytes());
    document.put("measured_peak_bytes", measured.measuredBytes());
    document.put("runs", measured.runs().stream().map(Measurement::asMap).toList());
    return document;
  }

  /** Rows and columns of the picture. */
  private int[] pixels() {
    String[] parts = size.split("x", -1);
    try {
      int width = Integer.parseInt(parts[0]);
      int height = Integer.parseInt(parts[parts.length - 1]);
      if (parts.length <= 2 && fits(width) && fits(height)) {
        return new int[] {height, width};
      }
    } catch (NumberFormatException e) {
      // The same sentence says it.
    }
    throw new CliException(
        ExitCode.USAGE,
        "--size " + size + ": one side or WxH is needed, multiples of 8 from 8 to " + LARGEST_SIDE);
  }

  private static boolean fits(int side) {
    return side >= 8 && side <= LARGEST_SIDE && side % 8 == 0;
  }

  private static void requireAtLeast(String option, int value, int least) {
    if (value < least) {
      throw new CliException(
          ExitCode.USAGE, option + " " + value + ": at least " + least + " is needed");
    }
  }

  private Latents randomLatents(int height, int width) {
    Random random = new Random(0);
    float[] values = new float[Math.multiplyExact(batch * Latents.CHANNELS, height * width)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Latents.scaled(values, batch, Latents.CHANNELS, height, width);
  }

  /**
   * One decode's cost.
   *
   * @param wallNanos from call to return
   * @param processorNanos of the whole process meanwhile
   * @param operations floating-point operations of the decode, as the decoder estimates them
   */
  private record Measurement(long wallNanos, long processorNanos, double operations) {
    private static final double NANOS = 1e9;
    private static final double GIGA = 1e9;

    /** Times the work. */
    static Measurement of(double operations, Runnable work) {
      long wall = System.nanoTime();
      long processor = processorTime();
      work.run();
      return new Measurement(System.nanoTime() - wall, processorTime() - processor, operations);
    }

    double wallSeconds() {
      return wallNanos / NANOS;
    }

    double processorSeconds() {
      return processorNanos / NANOS;
    }

    /** How well a core is used; 0 where the system counts no processor time. */
    double gflopPerCoreSecond() {
      return processorNanos <= 0 ? 0 : operations / GIGA / processorSeconds();
    }

    Map<String, Object> asMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("wall_seconds", wallSeconds());
      map.put("cpu_seconds", processorSeconds());
      map.put("gflop_per_core_second", gflopPerCoreSecond());
      return map;
    }

    /** Processor time of this process so far, nanoseconds, or -1. */
    private static long processorTime() {
      return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }
  }

  /**
   * What the process holds of its own, looked at a hundred times a second until it is closed.
   *
   * <p>Owns a thread.
   */
  private static final class PeakSampling implements AutoCloseable {
    private static final int MILLIS = 10;

    private final long start = SystemMemory.here().own();
    private final Thread thread = new Thread(this::sample, "memory sampling");
    private volatile long peak = start;

    PeakSampling() {
      thread.setDaemon(true);
      thread.start();
    }

    private void sample() {
      try {
        while (true) {
          peak = Math.max(peak, SystemMemory.here().own());
          Thread.sleep(MILLIS);
        }
      } catch (InterruptedException e) {
        // That is how it ends.
      }
    }

    /** The most that was seen beyond what there was at the start, in bytes. */
    long grownBytes() {
      return peak - start;
    }

    @Override
    public void close() {
      thread.interrupt();
    }
  }
}
