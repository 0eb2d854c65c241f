package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What an input is about: latents, a photograph, or nothing but pictures decoded elsewhere. */
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
}
