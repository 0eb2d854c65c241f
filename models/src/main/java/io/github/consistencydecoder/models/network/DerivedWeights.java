package io.github.consistencydecoder.models.network;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file of weights that are not used as the checkpoint holds them: converted, transposed or
 * folded ones, one after the other, each at a multiple of 64 bytes.
 *
 * <p>Owns the open file. Not for use by several threads.
 */
public final class DerivedWeights implements Closeable {
  private static final int ALIGNMENT = 64;

  /** Bytes converted at a time. */
  private static final int CHUNK = 1 << 20;

  private final Path file;
  private final FileChannel channel;
  private long end;

  /**
   * @param file must not exist
   */
  public DerivedWeights(Path file) throws IOException {
    this.file = file;
    this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  Path file() {
    return file;
  }

  /** Appends bytes; returns their offset. */
  long append(ByteBuffer bytes) throws IOException {
    long offset = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    long at = offset;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
    end = at;
    return offset;
  }

  /** Appends float32 values; returns their offset. */
  long append(float[] values) throws IOException {
    long offset = -1;
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i += CHUNK / 4) {
      int n = Math.min(CHUNK / 4, values.length - i);
      chunk.clear();
      chunk.asFloatBuffer().put(values, i, n);
      chunk.limit(4 * n);
      // Chunks are multiples of the alignment, so the pieces follow one another without a gap.
      long at = append(chunk);
      offset = offset < 0 ? at : offset;
    }
    return offset;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
