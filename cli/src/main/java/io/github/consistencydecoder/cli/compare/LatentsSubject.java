package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.latents.LoadedLatents;
import io.github.consistencydecoder.formats.latents.ScaleChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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
