package io.github.consistencydecoder.formats.tensors;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes safetensors files: entries in the order given, header padded with spaces to a multiple of
 * 8 bytes, the same input the same bytes. The tensors stream through; none has to be in memory.
 *
 * <p>The target appears only when complete (temporary name beside it, forced to the disk, renamed);
 * on failure nothing is left.
 */
public final class SafetensorsWriter {
  private static final int CHUNK_BYTES = 1 << 16;

  private SafetensorsWriter() {}

  /** Gives a tensor's bytes. */
  @FunctionalInterface
  public interface Source {
    /**
     * Writes the bytes, little-endian, row-major: exactly as many as shape and element type need.
     * Leaves the channel open.
     */
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /**
   * One tensor to write.
   *
   * @param name not empty, not {@code __metadata__}
   * @param dtype element type of the bytes that {@code source} gives
   * @param shape dimensions; empty for a scalar
   * @param source called once
   */
  public record Entry(String name, DType dtype, List<Long> shape, Source source) {
    public Entry {
      requireNonNull(name, "name");
      requireNonNull(dtype, "dtype");
      shape = List.copyOf(shape);
      requireNonNull(source, "source");
      if (name.isEmpty() || name.equals("__metadata__")) {
        throw new IllegalArgumentException("'" + name + "' is no name for a tensor");
      }
      if (TensorShapes.bytes(shape, dtype) < 0) {
        throw new IllegalArgumentException(
            "tensor '" + name + "': shape " + shape + " is negative or overflows 63 bits");
      }
    }

    long byteLength() {
      return TensorShapes.bytes(shape, dtype);
    }
  }

  /**
   * An entry of float values, converted as it is written.
   *
   * @param dtype F32, F16, BF16 (rounded to nearest even) or F64
   * @param values row-major; borrowed until written
   */
  public static Entry floats(String name, DType dtype, List<Long> shape, float[] values) {
    requireNonNull(values, "values");
    if (!dtype.floating()) {
      throw new IllegalArgumentException(
          "tensor '" + name + "': " + dtype + " does not hold floating-point values");
    }
    if (TensorShapes.elements(shape) != values.length) {
      throw new IllegalArgumentException(
          "tensor '" + name + "': shape " + shape + " does not hold " + values.length + " values");
    }
    return new Entry(name, dtype, shape, channel -> writeFloats(channel, dtype, values));
  }

  /**
   * Writes a file.
   *
   * @param metadata written as {@code __metadata__} in its iteration order, unless empty
   * @param entries names must differ
   */
  public static void write(Path target, Map<String, String> metadata, List<Entry> entries)
      throws IOException {
    requireNonNull(target, "target");
    byte[] header = header(metadata, entries);
    AtomicFiles.write(
        target,
        channel -> {
          ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
          writeFully(channel, prefix.putLong(0, header.length));
          writeFully(channel, ByteBuffer.wrap(header));
          for (Entry entry : entries) {
            CountingChannel counting = new CountingChannel(channel, entry);
            entry.source().writeTo(counting);
            counting.requireComplete();
          }
        });
  }

  private static byte[] header(Map<String, String> metadata, List<Entry> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json =
        new JsonFactory().createGenerator(ObjectWriteContext.empty(), bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectPropertyStart("__metadata__");
        metadata.forEach(json::writeStringProperty);
        json.writeEndObject();
      }
      Set<String> seen = new HashSet<>();
      long offset = 0;
      for (Entry entry : entries) {
        if (!seen.add(entry.name())) {
          throw new IllegalArgumentException("tensor '" + entry.name() + "' is given twice");
        }
        json.writeObjectPropertyStart(entry.name());
        json.writeStringProperty("dtype", entry.dtype().name());
        writeNumbers(json, "shape", entry.shape());
        long end = Math.addExact(offset, entry.byteLength());
        writeNumbers(json, "data_offsets", List.of(offset, end));
        json.writeEndObject();
        offset = end;
      }
      json.writeEndObject();
    }
    while (bytes.size() % 8 != 0) {
      bytes.write(' ');
    }
    return bytes.toByteArray();
  }

  private static void writeNumbers(JsonGenerator json, String name, List<Long> numbers) {
    json.writeArrayPropertyStart(name);
    numbers.forEach(json::writeNumber);
    json.writeEndArray();
  }

  private static void writeFloats(WritableByteChannel channel, DType dtype, float[] values)
      throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    int perChunk = CHUNK_BYTES / dtype.bytes();
    for (int i = 0; i < values.length; i += perChunk) {
      int n = Math.min(values.length - i, perChunk);
      dtype.write(FloatBuffer.wrap(values, i, n), chunk.clear());
      writeFully(channel, chunk.flip());
    }
  }

  private static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Borrows the file's channel for one tensor and refuses too many bytes, later too few. */
  private static final class CountingChannel implements WritableByteChannel {
    private final WritableByteChannel target;
    private final Entry entry;
    private long left;

    CountingChannel(WritableByteChannel target, Entry entry) {
      this.target = target;
      this.entry = entry;
      this.left = entry.byteLength();
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      if (bytes.remaining() > left) {
        throw new IOException(
            "tensor '%s': its source gives more than %s bytes"
                .formatted(entry.name(), entry.byteLength()));
      }
      int written = target.write(bytes);
      left -= written;
      return written;
    }

    void requireComplete() throws IOException {
      if (left > 0) {
        throw new IOException(
            "tensor '%s': its source gives %s bytes, needs %s"
                .formatted(entry.name(), entry.byteLength() - left, entry.byteLength()));
      }
    }

    @Override
    public boolean isOpen() {
      return target.isOpen();
    }

    @Override
    public void close() {
      // The file's channel belongs to the writer.
    }
  }
}
