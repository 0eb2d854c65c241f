package io.github.consistencydecoder.formats.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.testing.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asserts that a file is refused: with which words, where, and at what cost in memory. */
public final class Refusals {
  private Refusals() {}

  /** Opens and closes. */
  public static void open(Path file) throws IOException {
    Checkpoints.open(file).close();
  }

  /**
   * Asserts that the file is refused in words that contain {@code reason}, without allocating more
   * than its own size beyond a fixed cost.
   *
   * @param offset place that must be named, or -1 for none
   */
  public static void assertRefused(Path file, Refusal.Reader reader, long offset, String reason)
      throws IOException {
    FormatException refusal =
        Refusal.of(FormatException.class, Files.size(file), file, reader, reason);
    assertThat(refusal.byteOffset()).as("offset").isEqualTo(offset);
  }
}
