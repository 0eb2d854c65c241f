package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.Evaluation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A temporary file for tensors that do not fit in memory. It is read and written, not mapped:
 * mapped pages would count as the process's memory.
 *
 * <p>Owns the file, which is gone when it is closed; where the system allows that, its name goes as
 * soon as it is open, so that not even a killed process leaves it. Not for use by several threads.
 */
final class SpillFile implements AutoCloseable {
  private final FileChannel channel;
  private final Path file;
  private final long planned;

  /** Takes ownership of the channel. */
  SpillFile(FileChannel channel, Path file, long planned) {
    this.channel = channel;
    this.file = file;
    this.planned = planned;
  }

  /**
   * Creates a file.
   *
   * @param planned bytes that will be written to it at most, for messages
   */
  static SpillFile create(Path folder, long planned) {
    try {
      Path file = Files.createTempFile(folder, "consistency-decoder-", ".bands");
      try {
        FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
        return new SpillFile(channel, file, planned);
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(file);
        throw e;
      }
    } catch (IOException e) {
      throw new DecoderException(
          DecoderErrorCode.OUT_OF_MEMORY,
          ("no temporary file can be made in %s for %s of tensors that do not"
                  + " fit in memory (%s): name another folder, allow more memory or"
                  + " decode a smaller picture")
              .formatted(folder, megabytes(planned), e),
          e);
    }
  }

  /** Writes what remains of a buffer. */
  void write(ByteBuffer bytes, long offset) {
    long at = offset;
    try {
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    } catch (IOException e) {
      throw failed("written", at, e);
    }
  }

  /** Fills what remains of a buffer. */
  void read(ByteBuffer bytes, long offset) {
    long at = offset;
    try {
      while (bytes.hasRemaining()) {
        int n = channel.read(bytes, at);
        if (n < 0) {
          throw new IOException("the file ends there");
        }
        at += n;
      }
    } catch (IOException e) {
      throw failed("read", at, e);
    }
  }

  private DecoderException failed(String what, long at, IOException e) {
    if (e instanceof ClosedByInterruptException) {
      return Evaluation.unreadable(e);
    }
    return new DecoderException(
        DecoderErrorCode.OUT_OF_MEMORY,
        ("the temporary file %s, which needs %s of disk, could not be %s at"
                + " %s (%s): free space, name another folder, allow more memory or"
                + " decode a smaller picture")
            .formatted(file, megabytes(planned), what, megabytes(at), e.getMessage()),
        e);
  }

  private static String megabytes(long bytes) {
    return bytes / 1_000_000 + " MB";
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED, "the temporary file " + file + " cannot be closed", e);
    }
  }
}
