package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * BMP: {@code BM}, u32 file size, 4 reserved bytes, u32 offset of the pixels; then a header of
 * itself: u32 its size (40 or more here), i32 width, i32 height (negative: rows from the top), u16
 * planes, u16 bits a pixel, u32 compression (0 none, 1 and 2 run lengths, 3 bit masks). All
 * little-endian.
 */
final class BmpFile {
  private static final int TOP_DOWN = 4;

  private BmpFile() {}

  static Scanned scan(String file, byte[] bytes, PictureLimits limits) throws FormatException {
    if (bytes.length < 34) {
      throw new FormatException(
          file, "the BMP is cut off: it has " + bytes.length + " bytes, its header alone needs 54");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long offset = buffer.getInt(10) & 0xffffffffL;
    int header = buffer.getInt(14);
    if (header < 40) {
      throw new FormatException(
          file, "the BMP has a header of " + header + " bytes; only those of 40 and more are read");
    }
    long width = buffer.getInt(18);
    int height = buffer.getInt(22);
    limits.checkSize(file, width, Math.abs((long) height));
    int bits = buffer.getShort(28) & 0xffff;
    int compression = buffer.getInt(30);
    if (!List.of(1, 4, 8, 16, 24, 32).contains(bits) || compression < 0 || compression > 3) {
      throw new FormatException(
          file,
          "the BMP has " + bits + " bits a pixel in compression " + compression + ", not read");
    }
    long row = (width * bits + 31) / 32 * 4;
    boolean plain = compression == 0 || compression == 3;
    long needed = offset + (plain ? row * Math.abs((long) height) : 1);
    if (needed > bytes.length) {
      throw new FormatException(
          file, "the BMP is cut off: it has " + bytes.length + " bytes, its pixels need " + needed);
    }
    byte[] clean = bytes;
    if (height < 0) {
      clean = bytes.clone();
      ByteBuffer.wrap(clean).order(ByteOrder.LITTLE_ENDIAN).putInt(22, -height);
    }
    return new Scanned(
        clean, height < 0 ? TOP_DOWN : Orientation.UPRIGHT, Scanned.NO_PROFILE, List.of());
  }
}
