package io.github.consistencydecoder.formats.tensors;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * NumPy's {@code .npy} files.
 *
 * <p>File = {@code \x93NUMPY}, major and minor version, header length (2 bytes in version 1, 4 in 2
 * and 3, little-endian), the header (a dictionary as Python text, see {@link NpyHeader}), the
 * values.
 *
 * <p>Read: versions 1.0 to 3.0; C order; at most 5 dimensions; the length must fit exactly. Arrays
 * of Python objects are pickles and are refused.
 */
public final class NpyFile {
  private static final int MAX_HEADER_BYTES = 10_000;
  private static final int PREFIX_BYTES = 12;
  private static final int CHUNK_BYTES = 1 << 18;

  /** NumPy pads so that the values start at a multiple of this. */
  private static final int ALIGNMENT = 64;

  private NpyFile() {}

  /**
   * Writes float32 values in version 1.0, under a temporary name that is renamed when complete.
   *
   * @param shape dimensions, not negative
   * @param values row-major
   */
  public static void write(Path target, List<Long> shape, float[] values) throws IOException {
    requireNonNull(target, "target");
    if (TensorShapes.elements(shape) != values.length) {
      throw new IllegalArgumentException(
          "shape " + shape + " does not hold " + values.length + " values");
    }
    byte[] header = NpyHeader.text(shape).getBytes(StandardCharsets.US_ASCII);
    int padded = (10 + header.length + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ByteBuffer start = ByteBuffer.allocate(padded).order(ByteOrder.LITTLE_ENDIAN);
    start.put(NpyHeader.MAGIC).put((byte) 1).put((byte) 0).putShort((short) (padded - 10));
    start.put(header);
    while (start.remaining() > 1) {
      start.put((byte) ' ');
    }
    start.put((byte) '\n').flip();
    AtomicFiles.write(
        target,
        channel -> {
          writeFully(channel, start);
          ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; i < values.length; i += CHUNK_BYTES / 4) {
            int n = Math.min(CHUNK_BYTES / 4, values.length - i);
            chunk.clear();
            chunk.asFloatBuffer().put(values, i, n);
            writeFully(channel, chunk.limit(4 * n));
          }
        });
  }

  /**
   * Reads the header: where the array lies and how.
   *
   * @param file the name for messages
   * @param real the name for the tensor found
   * @return a tensor whose name is empty
   */
  public static TensorInfo header(Path file, Path real, ByteSource bytes) throws IOException {
    long size = bytes.size();
    ByteBuffer prefix = ByteBuffer.allocate(PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    prefix.limit((int) Math.min(PREFIX_BYTES, size));
    bytes.read(0, prefix);
    prefix.flip();
    requireMagic(file, prefix);
    int major = prefix.get(6);
    int minor = prefix.get(7);
    if (major < 1 || major > 3 || minor != 0) {
      throw new FormatException(
          file, "", 6, "version " + major + "." + minor + ", versions 1.0 to 3.0 are read");
    }
    int headerStart = major == 1 ? 10 : 12;
    if (size < headerStart) {
      throw new FormatException(
          file, "", size, "the file ends inside the prefix of " + headerStart + " bytes");
    }
    long length =
        major == 1 ? Short.toUnsignedInt(prefix.getShort(8)) : prefix.getInt(8) & 0xffffffffL;
    if (length > MAX_HEADER_BYTES) {
      throw new FormatException(
          file,
          "",
          8,
          "a header of " + length + " bytes declared, at most " + MAX_HEADER_BYTES + " are read");
    }
    if (length > size - headerStart) {
      throw new FormatException(
          file,
          "",
          8,
          "a header of %s bytes declared, %s follow; the file may have been cut short"
              .formatted(length, size - headerStart));
    }
    ByteBuffer header = ByteBuffer.allocate((int) length);
    bytes.read(headerStart, header);
    NpyHeader parsed = NpyHeader.parse(file, header.array(), headerStart);
    long dataStart = headerStart + length;
    requireLength(file, parsed, dataStart, size);
    return new TensorInfo(
        "",
        parsed.dtype(),
        parsed.shape(),
        TensorShapes.rowMajor(parsed.shape()),
        real,
        dataStart,
        size - dataStart);
  }

  private static void requireMagic(Path file, ByteBuffer prefix) throws IOException {
    for (int i = 0; i < NpyHeader.MAGIC.length; i++) {
      if (i >= prefix.limit() || prefix.get(i) != NpyHeader.MAGIC[i]) {
        throw new FormatException(file, "", i, "not an .npy file, these start with \\x93NUMPY");
      }
    }
    if (prefix.limit() < 10) {
      throw new FormatException(
          file, "", prefix.limit(), "the file ends inside the prefix of 10 bytes");
    }
  }

  private static void requireLength(Path file, NpyHeader header, long dataStart, long size)
      throws FormatException {
    long needed = TensorShapes.bytes(header.shape(), header.dtype());
    if (needed < 0) {
      throw new FormatException(file, "", -1, "shape " + header.shape() + " overflows 63 bits");
    }
    if (needed != size - dataStart) {
      throw new FormatException(
          file,
          "",
          dataStart,
          "%s bytes of values, shape %s of %s needs %s"
              .formatted(size - dataStart, header.shape(), header.dtype(), needed));
    }
    if (TensorShapes.elements(header.shape()) > Integer.MAX_VALUE - 8) {
      throw new FormatException(
          file, "", -1, "shape " + header.shape() + " holds too many values for one array");
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
