package io.github.consistencydecoder.formats.io;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The bytes of a file of fixed length, in any order. What the format parsers read from. */
public interface ByteSource {
  /** Length in bytes. */
  long size();

  /**
   * Fills what remains of {@code target}.
   *
   * @throws EOFException if the source ends before
   */
  void read(long position, ByteBuffer target) throws IOException;

  /**
   * The bytes of a buffer from its position to its limit, a view of it: later changes of the bytes
   * are seen, those of position and limit are not.
   */
  static ByteSource of(ByteBuffer bytes) {
    ByteBuffer view = bytes.slice();
    return new ByteSource() {
      @Override
      public long size() {
        return view.limit();
      }

      @Override
      public void read(long position, ByteBuffer target) throws EOFException {
        int n = target.remaining();
        if (position < 0 || position > view.limit() - n) {
          throw new EOFException(n + " bytes at " + position + " of " + view.limit());
        }
        target.put(view.slice((int) position, n));
      }
    };
  }

  /** Borrows an open channel; its length now is the length from now on. */
  static ByteSource of(Path file, FileChannel channel) throws IOException {
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
            throw new EOFException(file + " became shorter since it was opened");
          }
          at += n;
        }
      }
    };
  }
}
