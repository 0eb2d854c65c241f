package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.core.memory.MemorySize;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.plugin.DecoderConfig;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What a decoder runs on. */
public final class DeviceOptions {
  /** Key of the consistency decoder: where optimised networks are kept. */
  private static final String CACHE = "cache";

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda[:N]",
      description = "What to compute on. Default: auto, CUDA where it works, else the CPU.")
  private String device;

  @Option(names = "--provider", hidden = true, description = "The older name of --device.")
  private String provider;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of one evaluation. Default: as many as there are cores.")
  private Integer threads;

  @Option(
      names = "--dtype",
      paramLabel = "auto|float32|float16",
      description = "Precision of the network's arithmetic. Default: auto.")
  private String dtype;

  @Option(
      names = "--cuda-options",
      paramLabel = "NAME=VALUE,..",
      description = "Advanced options of CUDA and of its log; see docs/gpu.md.")
  private String cuda;

  @Option(
      names = "--cache",
      paramLabel = "FOLDER",
      description = "Where optimised networks are kept. Default: what 'doctor' says.")
  private Path cache;

  /** A configuration with what was asked for added; what was not asked for stays unset. */
  public DecoderConfig addTo(DecoderConfig start) {
    DecoderConfig config = start;
    String asked = device == null ? provider : device;
    if (asked != null) {
      if (!asked.matches("auto|cpu|cuda(:\\d{1,3})?")) {
        throw usage("--device " + asked + ": auto, cpu, cuda or cuda:N is needed");
      }
      config = config.with(DecoderConfig.DEVICE, asked);
    }
    if (threads != null) {
      if (threads < 1) {
        throw usage("--threads " + threads + ": at least 1 is needed");
      }
      config = config.with(DecoderConfig.THREADS, threads.toString());
    }
    if (dtype != null) {
      if (!dtype.matches("auto|float32|float16")) {
        throw usage("--dtype " + dtype + ": auto, float32 or float16 is needed");
      }
      config = config.with(DecoderConfig.DTYPE, dtype);
    }
    if (cuda != null) {
      config = config.with(ModelSettings.CUDA_OPTIONS, cuda);
    }
    if (cache != null) {
      config = config.with(CACHE, cache.toAbsolutePath().toString());
    }
    return config;
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }

  /** How much memory there is for decoding. */
  public static final class MemoryOption {
    @Option(
        names = "--memory",
        paramLabel = "SIZE",
        description = {
          "Memory that the program may hold of its own, such as 3GiB or 800MB, mapped weights"
              + " aside.",
          "Larger pictures are divided, as far as allowed. Default: three quarters of what there"
              + " is."
        })
    private String memory;

    /** A configuration with the limit added if there is one. */
    public DecoderConfig addTo(DecoderConfig config) {
      if (memory == null) {
        return config;
      }
      try {
        MemorySize.parse(memory);
      } catch (IllegalArgumentException e) {
        throw new CliException(ExitCode.USAGE, "--memory: " + e.getMessage(), e);
      }
      return config.with(DecoderConfig.MEMORY, memory);
    }
  }
}
