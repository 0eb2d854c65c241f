package io.github.consistencydecoder.models.network.graph;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The file of weights that are not used as the checkpoint holds them: converted, transformed or
 * folded ones, one after the other, each at a multiple of 64 bytes.
 *
 * <p>Owns the open file; one that is complete already is not opened. Not for use by several
 * threads.
 */
public final class DerivedWeights implements Closeable {
  private static final int ALIGNMENT = 64;

  /** Bytes converted at a time. */
  private static final int CHUNK = 1 << 20;

  private final Path file;
  private final FileChannel channel;
  private final Map<String, Long> offsets = new HashMap<>();
  private long end;

  /**
   * @param file must not exist
   */
  public DerivedWeights(Path file) throws IOException {
    this.file = file;
    this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private DerivedWeights(PreparedWeights prepared) {
    this.file = prepared.file();
    this.channel = null;
    offsets.putAll(prepared.offsets());
  }

  /** A file that is complete: everything that is asked for must be in it. */
  static DerivedWeights complete(PreparedWeights prepared) {
    return new DerivedWeights(prepared);
  }

  /** Whether nothing can be added. */
  boolean isComplete() {
    return channel == null;
  }

  Path file() {
    return file;
  }

  /** Where the weights of that name lie, if they are in the file. */
  OptionalLong offset(String name) {
    Long offset = offsets.get(name);
    return offset == null ? OptionalLong.empty() : OptionalLong.of(offset);
  }

  /** Remembers what lies at an offset. */
  void remember(String name, long offset) {
    offsets.put(name, offset);
  }

  /** What has been written. */
  PreparedWeights prepared() {
    return new PreparedWeights(file, offsets);
  }

  /** Leaves room at the end; returns its offset. */
  long reserve(long bytes) {
    long offset = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    end = offset + bytes;
    return offset;
  }

  /** Writes the remaining bytes at an offset that was reserved. */
  void write(ByteBuffer bytes, long offset) throws IOException {
    long at = offset;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }

  /** Appends bytes; returns their offset. */
  long append(ByteBuffer bytes) throws IOException {
    long offset = reserve(bytes.remaining());
    write(bytes, offset);
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
    if (channel != null) {
      channel.close();
    }
  }
}
