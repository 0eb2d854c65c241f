package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.core.memory.MemorySize;
import io.github.consistencydecoder.plugin.DecoderConfig;
import picocli.CommandLine.Option;

/** How much memory there is for decoding. */
public final class MemoryOption {
  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = {
        "Memory that the program may hold of its own, such as 3GiB or 800MB, mapped weights aside.",
        "Larger pictures are divided, as far as allowed. Default: three quarters of what there is."
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
