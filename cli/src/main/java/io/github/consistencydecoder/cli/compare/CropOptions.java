package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.compare.Comparison;
import io.github.consistencydecoder.formats.pictures.Region;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which parts of the pictures are looked at closely; filled by picocli. */
final class CropOptions {
  private static final int USUAL_COUNT = 2;
  private static final int MOST = 100;

  @Option(
      names = "--crop",
      paramLabel = "x,y,w,h",
      description = "A part to look at closely, in pixels. May be given again.")
  private List<String> regions = List.of();

  @Option(
      names = "--crops",
      paramLabel = "N",
      description =
          "Without --crop: look for so many parts where the decoders differ most. Default: 2.")
  private Integer count;

  @Option(
      names = "--crop-size",
      paramLabel = "S",
      description = "Side of those in pixels. Default: a quarter of the shorter side, 32 to 128.")
  private Integer side;

  /** Hands them over; throws if they make no sense. */
  void addTo(Comparison.Builder builder) {
    if (regions.isEmpty()) {
      if (count != null && (count < 0 || count > MOST)) {
        throw usage("--crops " + count + ": 0 to " + MOST + " are possible");
      }
      if (side != null && side < 1) {
        throw usage("--crop-size " + side + ": at least 1 is needed");
      }
      builder.automaticCrops(count == null ? USUAL_COUNT : count, side == null ? 0 : side);
      return;
    }
    if (count != null || side != null) {
      throw usage("--crop: excludes --crops and --crop-size");
    }
    List<Region> parsed = new ArrayList<>();
    for (String region : regions) {
      try {
        parsed.add(Region.parse(region));
      } catch (IllegalArgumentException e) {
        throw new CliException(ExitCode.USAGE, "--crop " + region + ": " + e.getMessage(), e);
      }
    }
    builder.crops(parsed);
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }
}
