package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.images.FitOptions;
import io.github.consistencydecoder.cli.options.DecoderSpec;
import io.github.consistencydecoder.cli.options.InstalledModels;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.PathArgument;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.formats.pictures.LoadedPicture;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Options for the start of a decode and the pixels that it keeps. */
@Command // what makes it a mixin
final class ModeOptions {
  private static final int WHITE = 3 * 128;

  @Option(
      names = "--start",
      paramLabel = "noise|PICTURE|DECODER",
      description = {
        "What the first evaluation starts from: noise, a picture of the decoded size, or another",
        "decoder, such as vae:model=sd-vae-ft-mse, taesd or preview. One evaluation at 512 then",
        "takes the place of two, unless a schedule is given. Default: noise."
      })
  private String start;

  @Option(
      names = "--keep",
      paramLabel = "PICTURE",
      converter = PathArgument.Input.class,
      description = {
        "Picture whose pixels outside the mask come back as they are; needs --mask.",
        "Default: none."
      })
  private Path keep;

  @Option(
      names = "--mask",
      paramLabel = "PICTURE",
      converter = PathArgument.Input.class,
      description = "Mask of --keep: white is decoded, black is kept. Default: none.")
  private Path mask;

  @Option(
      names = "--feather",
      paramLabel = "PIXELS",
      description =
          "Transition inside the mask, 0 to 256 pixels. Default: " + Keep.USUAL_FEATHER + ".")
  private Integer feather;

  @Option(
      names = "--grow",
      paramLabel = "PIXELS",
      description = "Widens the mask first, by 0 to 256 pixels. Default: 0.")
  private Integer grow;

  @Option(
      names = "--region",
      paramLabel = "auto|whole",
      description = {
        "What is evaluated: the mask's box and a margin, or the whole picture.",
        "Default: auto, the box unless it is most of the picture."
      })
  private String region;

  /**
   * Reads what was asked for, for all inputs.
   *
   * @param decoder that goes on from the start
   * @param device what a decoder of the start runs on
   * @throws CliException if something contradicts itself or cannot be read
   */
  Modes read(String decoder, DecoderConfig device, Console console) {
    if (keep == null || mask == null) {
      Stream.of(keep, mask, feather, grow, region)
          .filter(asked -> asked != null)
          .findFirst()
          .ifPresent(
              asked -> {
                throw usage(
                    "--keep and --mask are needed together, and --feather, --grow and --region"
                        + " with them");
              });
    }
    if (region != null && !region.matches("auto|whole")) {
      throw usage("--region " + region + ": auto or whole is needed");
    }
    Optional<Keep> kept = keep == null ? Optional.empty() : Optional.of(kept(console));
    if (start == null || start.equals("noise")) {
      return new Modes(Start.NOISE, null, kept);
    }
    Path file = file(start);
    if (file != null) {
      return new Modes(Start.given(picture(file, console).toPixels()), null, kept);
    }
    return new Modes(Start.NOISE, open(decoder, device, console), kept);
  }

  private LatentDecoder open(String decoder, DecoderConfig device, Console console) {
    DecoderSpec spec;
    try {
      spec = DecoderSpec.parse(start, 0);
    } catch (CliException e) {
      throw new CliException(
          ExitCode.USAGE,
          "--start " + start + ": is neither noise nor a file that is there nor a decoder",
          e);
    }
    if (spec.plugin().equals(decoder)) {
      throw usage(
          "--start "
              + start
              + ": is a decoder of the same kind; a cheaper one is needed, such as vae");
    }
    DecoderSpec complete =
        DecoderSpec.Choice.complete(spec, InstalledModels.of(ModelStore.standard()), console::note);
    try (Progress progress = console.progress("opening the start's model", -1, "", 1)) {
      progress.reached(0);
      return Decoders.open(complete.plugin(), complete.config(device));
    }
  }

  private static Path file(String text) {
    try {
      Path file = Path.of(text);
      return Files.exists(file) ? file : null;
    } catch (InvalidPathException e) {
      return null;
    }
  }

  private Keep kept(Console console) {
    Pixels known = picture(keep, console).toPixels();
    LoadedPicture loaded = load(mask);
    if (loaded.notes().contains(PictureReader.ON_WHITE)) {
      throw new CliException(
          ExitCode.INPUT,
          mask + ": has transparent parts; a mask of white and black alone is needed");
    }
    Picture picture = loaded.picture();
    boolean[] repaint = new boolean[picture.width() * picture.height()];
    for (int i = 0; i < repaint.length; i++) {
      int x = i % picture.width();
      int y = i / picture.width();
      repaint[i] =
          picture.level(x, y, 0) + picture.level(x, y, 1) + picture.level(x, y, 2) >= WHITE;
    }
    try {
      return new Keep(
          known,
          Mask.of(repaint, 1, picture.height(), picture.width()),
          feather == null ? Keep.USUAL_FEATHER : feather,
          grow == null ? 0 : grow,
          "whole".equals(region));
    } catch (IllegalArgumentException e) {
      throw usage("--keep, --mask: " + e.getMessage());
    }
  }

  private static Picture picture(Path file, Console console) {
    LoadedPicture loaded = load(file);
    loaded.notes().forEach(note -> console.note(file + ": " + note));
    return loaded.picture();
  }

  private static LoadedPicture load(Path file) {
    try {
      return FitOptions.Photographs.read(file);
    } catch (IOException e) {
      throw new CliException(ExitCode.INPUT, file + ": " + e.getMessage(), e);
    }
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }

  /**
   * What was asked for, read. Owns the decoder of the start.
   *
   * @param start that is no decoder's
   * @param decoder of the start, or null
   * @param keep known pixels
   */
  record Modes(Start start, LatentDecoder decoder, Optional<Keep> keep) implements AutoCloseable {
    /**
     * Options with these modes.
     *
     * @throws CliException if a picture does not fit the latents
     */
    DecodeOptions.Builder addTo(DecodeOptions options, Latents latents) {
      if (start instanceof Start.Given given) {
        requireSize("--start", given.pixels(), latents);
        if (latents.batch() > 1) {
          throw new CliException(
              ExitCode.INPUT,
              "--start: one picture for " + latents.batch() + " latents; a decoder can start all");
        }
      }
      keep.ifPresent(known -> requireSize("--keep", known.known(), latents));
      DecodeOptions.Builder builder =
          options.toBuilder().start(decoder == null ? start : Start.decodedBy(decoder));
      keep.ifPresent(builder::keep);
      return builder;
    }

    private static void requireSize(String option, Pixels picture, Latents latents) {
      int width = Latents.PIXELS_PER_CELL * latents.width();
      int height = Latents.PIXELS_PER_CELL * latents.height();
      if (picture.width() != width || picture.height() != height) {
        throw new CliException(
            ExitCode.INPUT,
            "%s: the picture has %sx%s pixels, the latents decode to %sx%s; the same size is needed"
                .formatted(option, picture.width(), picture.height(), width, height));
      }
    }

    @Override
    public void close() {
      if (decoder != null) {
        decoder.close();
      }
    }
  }
}
