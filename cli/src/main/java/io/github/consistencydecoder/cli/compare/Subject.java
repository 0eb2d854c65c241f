package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.encode.OpenEncoder;
import io.github.consistencydecoder.cli.images.FitOptions;
import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.latents.LoadedLatents;
import io.github.consistencydecoder.formats.latents.ScaleChoice;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureFit;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The subject of an input: latents, a photograph, or only pictures decoded elsewhere. */
interface Subject {
  /**
   * What it gives.
   *
   * @param latents a batch of one, if a decoder takes part
   * @param truth the photograph, if it is one
   * @param notes sentences about how it was read
   */
  record Content(Optional<Latents> latents, Optional<Picture> truth, List<String> notes) {
    public Content {
      notes = List.copyOf(notes);
    }
  }

  /** Nothing to decode. */
  Subject NOTHING =
      new Subject() {
        @Override
        public Content load() {
          return new Content(Optional.empty(), Optional.empty(), List.of());
        }

        @Override
        public String identity() {
          return "nothing";
        }
      };

  /** Reads it. */
  Content load() throws IOException;

  /** What the content depends on, apart from the files. */
  String identity();

  /** The file that it is read from, if there is one. */
  default Optional<Path> file() {
    return Optional.empty();
  }

  /** A sentence for the report on where the latents come from, if that is not the file. */
  default Optional<String> origin() {
    return Optional.empty();
  }

  /**
   * Latents of a file.
   *
   * @param path the file
   * @param index within its batch
   * @param reading how to read it
   */
  record LatentsSubject(Path path, int index, Reading reading) implements Subject {
    /**
     * How files of latents are read.
     *
     * @param scale what the person says they are
     * @param tensor name of the tensor, or null to find it
     */
    record Reading(ScaleChoice scale, String tensor) {}

    @Override
    public Content load() throws IOException {
      LoadedLatents loaded = LatentsFile.read(path, reading.scale(), reading.tensor(), null);
      return new Content(
          Optional.of(loaded.latents().image(index)),
          Optional.empty(),
          loaded.decision().isEmpty() ? List.of() : List.of(loaded.decision()));
    }

    @Override
    public String identity() {
      return "latents " + index + " " + reading;
    }

    @Override
    public Optional<Path> file() {
      return Optional.of(path);
    }
  }

  /**
   * A photograph, which is encoded; as it was fitted it is the truth.
   *
   * @param path the file
   * @param fit how it gets its size
   * @param encoding borrowed; absent if no decoder takes part
   */
  record PhotographSubject(Path path, PictureFit fit, Optional<Encoding> encoding)
      implements Subject {
    /**
     * How photographs are encoded.
     *
     * @param encoder borrowed
     * @param cancellation stops it
     */
    record Encoding(OpenEncoder encoder, Cancellation cancellation) {}

    @Override
    public Content load() throws IOException {
      PictureFit.Fitted fitted = FitOptions.Photographs.read(path, fit);
      if (encoding.isEmpty()) {
        return new Content(Optional.empty(), Optional.of(fitted.picture()), fitted.notes());
      }
      OpenEncoder encoder = encoding.get().encoder();
      List<String> notes = new ArrayList<>(fitted.notes());
      encoder.memoryWarning(fitted.picture()).ifPresent(notes::add);
      Latents latents = encoder.encode(fitted.picture(), encoding.get().cancellation());
      return new Content(Optional.of(latents), Optional.of(fitted.picture()), notes);
    }

    @Override
    public String identity() {
      return "photograph "
          + fit.identity()
          + encoding.map(e -> " " + e.encoder().text()).orElse("");
    }

    @Override
    public Optional<Path> file() {
      return Optional.of(path);
    }

    @Override
    public Optional<String> origin() {
      return encoding
          .map(e -> e.encoder().info())
          .map(
              info ->
                  "its latents were made by the encoder '%s' with the model '%s'"
                      .formatted(info.provider(), info.model()));
    }
  }
}
