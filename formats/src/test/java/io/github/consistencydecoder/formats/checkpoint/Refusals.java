package io.github.consistencydecoder.formats.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import io.github.consistencydecoder.formats.io.FormatException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asserts that a file is refused: with which words, where, and at what cost in memory. */
public final class Refusals {
  /**
   * What reading costs whatever the file is: the JSON parser's buffers, the words of the message.
   */
  private static final long FIXED_BYTES = 256 * 1024;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Refusals() {}

  /** Reads a file. */
  @FunctionalInterface
  public interface Reader {
    void read(Path file) throws IOException;
  }

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
  public static void assertRefused(Path file, Reader reader, long offset, String reason)
      throws IOException {
    assertRefusedAt(Files.size(file), file, reader, offset, reason);
  }

  /** As above with {@code size} for the size of the file. */
  public static void assertRefusedAt(
      long size, Path file, Reader reader, long offset, String reason) {
    // Once before, so that loading classes is not counted.
    assertThat(catchThrowable(() -> reader.read(file))).as("refusal").isNotNull();
    long before = THREADS.getCurrentThreadAllocatedBytes();
    Throwable thrown = catchThrowable(() -> reader.read(file));
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertThat(thrown)
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(file.getFileName() + ":")
        .hasMessageContaining(reason);
    assertThat(((FormatException) thrown).byteOffset()).as("offset").isEqualTo(offset);
    assertThat(allocated).as("bytes allocated").isLessThan(FIXED_BYTES + size);
  }
}
