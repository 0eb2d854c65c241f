package io.github.consistencydecoder.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/** Asserts that a file is refused: with which words, and at what cost in memory. */
public final class Refusal {
  /**
   * What reading costs whatever the file is: the JSON parser's buffers, the words of the message.
   */
  private static final long FIXED_BYTES = 256 * 1024;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Refusal() {}

  /** Reads a file. */
  @FunctionalInterface
  public interface Reader {
    void read(Path file) throws IOException;
  }

  /**
   * Asserts that the file is refused in words that contain {@code reason}, without allocating more
   * than {@code size} beyond a fixed cost.
   *
   * @return the refusal
   */
  public static <E extends IOException> E of(
      Class<E> kind, long size, Path file, Reader reader, String reason) {
    // Once before, so that loading classes is not counted.
    assertThat(catchThrowable(() -> reader.read(file))).as("refusal").isNotNull();
    long before = THREADS.getCurrentThreadAllocatedBytes();
    Throwable thrown = catchThrowable(() -> reader.read(file));
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertThat(thrown)
        .isInstanceOf(kind)
        .hasMessageStartingWith(file.getFileName() + ":")
        .hasMessageContaining(reason);
    assertThat(allocated).as("bytes allocated").isLessThan(FIXED_BYTES + size);
    return kind.cast(thrown);
  }
}
