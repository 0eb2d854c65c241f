package io.github.consistencydecoder.models.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The bytes of a file of fixed length, in any order. What the format parsers read from. */
interface ByteSource {
  /** Length in bytes. */
  long size();

  /**
   * Fills what remains of {@code target}.
   *
   * @throws EOFException if the source ends before
   */
  void read(long position, ByteBuffer target) throws IOException;

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
