package io.github.consistencydecoder.cli.images;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.formats.pictures.LoadedPicture;
import io.github.consistencydecoder.formats.pictures.PictureFit;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options for fitting photographs; filled by picocli. */
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

  /** What was asked for; throws if the size is none. */
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

  /** Reads photographs and fits them. */
  public static final class Photographs {
    private static final PictureReader READER = new PictureReader();

    private Photographs() {}

    /**
     * Reads a file as it is.
     *
     * @throws IOException if it is no picture that can be read
     */
    public static LoadedPicture read(Path file) throws IOException {
      return READER.read(file);
    }

    /**
     * Reads a file and fits it.
     *
     * @return with notes about both
     * @throws IOException if it is no picture that can be read
     */
    public static PictureFit.Fitted read(Path file, PictureFit fit) throws IOException {
      LoadedPicture loaded = READER.read(file);
      PictureFit.Fitted fitted = fit.apply(file.toString(), loaded.picture());
      List<String> notes = new ArrayList<>(loaded.notes());
      notes.addAll(fitted.notes());
      return new PictureFit.Fitted(fitted.picture(), notes);
    }
  }
}
