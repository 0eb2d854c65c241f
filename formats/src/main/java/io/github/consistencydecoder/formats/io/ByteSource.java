package io.github.consistencydecoder.formats.io;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of a file of fixed length, in any order. What the format parsers read from. Safe for
 * use by several threads.
 */
public interface ByteSource extends Closeable {
  /** Length in bytes. */
  long size();

  /**
   * Fills what remains of {@code target}.
   *
   * @throws EOFException if the source ends before
   */
  void read(long position, ByteBuffer target) throws IOException;

  /**
   * Some of the bytes, little-endian and read-only, nothing copied. Valid after {@link #close}.
   *
   * @throws EOFException if the source ends before
   */
  ByteBuffer view(long position, int length) throws IOException;

  /** Part of these bytes, a view that need not be closed. */
  default ByteSource slice(long offset, long length) {
    ByteSource whole = this;
    return new ByteSource() {
      @Override
      public long size() {
        return length;
      }

      @Override
      public void read(long position, ByteBuffer target) throws IOException {
        whole.read(offset + position, target);
      }

      @Override
      public ByteBuffer view(long position, int length) throws IOException {
        return whole.view(offset + position, length);
      }

      @Override
      public void close() {
        // The whole is its owner's.
      }
    };
  }

  /**
   * Opens a file; its length now is the length from now on.
   *
   * @param file as it is named in messages
   * @param real what it is, links resolved: a regular file
   * @return owned by the caller, who closes it
   */
  static ByteSource open(Path file, Path real) throws IOException {
    // Asked before opening: opening a pipe would wait for a writer.
    if (!Files.isRegularFile(real)) {
      throw new IOException(file + " is not a regular file");
    }
    FileChannel channel = FileChannel.open(real, StandardOpenOption.READ);
    long size = channel.size();
    return new ByteSource() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public void read(long position, ByteBuffer target) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
          int n = channel.read(target, at);
          if (n < 0) {
            throw shorter();
          }
          at += n;
        }
      }

      @Override
      public ByteBuffer view(long position, int length) throws IOException {
        if (position + length > channel.size()) {
          throw shorter();
        }
        return channel
            .map(FileChannel.MapMode.READ_ONLY, position, length)
            .order(ByteOrder.LITTLE_ENDIAN);
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }

      private EOFException shorter() {
        return new EOFException(real + " became shorter since it was opened");
      }
    };
  }

  /**
   * The bytes of a buffer from its position to its limit, a view of it: later changes of the bytes
   * are seen, those of position and limit are not.
   */
  static ByteSource of(ByteBuffer bytes) {
    ByteBuffer all = bytes.slice();
    return new ByteSource() {
      @Override
      public long size() {
        return all.limit();
      }

      @Override
      public void read(long position, ByteBuffer target) throws EOFException {
        target.put(view(position, target.remaining()));
      }

      @Override
      public ByteBuffer view(long position, int length) throws EOFException {
        if (position < 0 || position > all.limit() - length) {
          throw new EOFException(length + " bytes at " + position + " of " + all.limit());
        }
        return all.slice((int) position, length).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
      }

      @Override
      public void close() {
        // The buffer is its owner's.
      }
    };
  }
}
