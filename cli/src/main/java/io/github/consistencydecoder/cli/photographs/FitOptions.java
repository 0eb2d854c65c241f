package io.github.consistencydecoder.cli.photographs;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.formats.pictures.PictureFit;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How photographs are fitted; filled by picocli. */
public final class FitOptions {
  @Option(
      names = "--fit",
      paramLabel = "crop|pad|refuse",
      defaultValue = "crop",
      description = {
        "Photographs whose sides are no multiples of 8, or not of the shape of --size: take the",
        "middle, repeat the edges, or refuse. Default: ${DEFAULT-VALUE}."
      })
  private PictureFit.Mode fit;

  @Option(
      names = "--size",
      paramLabel = "N|WxH",
      description = "Scale photographs to this size first. Default: as large as they are.")
  private String size;

  /** What was asked for; throws if it makes no sense. */
  public PictureFit fit() {
    if (size == null) {
      return new PictureFit(fit, Optional.empty());
    }
    try {
      return new PictureFit(fit, Optional.of(PictureFit.Size.parse(size)));
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--size: " + e.getMessage(), e);
    }
  }
}
