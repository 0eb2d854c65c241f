package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import java.util.ArrayList;
import java.util.List;

/**
 * TIFF 6.0, its first page. Read are black and white, grey, palette and RGB of 1 to 16 bits a
 * channel, uncompressed or compressed without loss; anything else is refused by name.
 */
final class TiffFile {
  private static final int WIDTH = 256;
  private static final int LENGTH = 257;
  private static final int BITS = 258;
  private static final int COMPRESSION = 259;
  private static final int PHOTOMETRIC = 262;
  private static final int STRIP_OFFSETS = 273;
  private static final int STRIP_COUNTS = 279;
  private static final int SAMPLES = 277;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_LENGTH = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_COUNTS = 325;
  private static final int SAMPLE_FORMAT = 339;
  private static final int ICC_PROFILE = 34675;
  private static final int ORIENTATION = 274;

  private TiffFile() {}

  static Scanned scan(String file, byte[] bytes, PictureLimits limits) throws FormatException {
    TiffDirectory directory = TiffDirectory.parse(bytes);
    if (directory == null) {
      throw new FormatException(
          file, "the TIFF is cut off or damaged: its first directory cannot be read");
    }
    long width = directory.number(WIDTH, 0);
    limits.checkSize(file, width, directory.number(LENGTH, 0));
    if (directory.has(TILE_WIDTH)) {
      // A tile is decoded whole, so its size counts as the picture's does.
      limits.checkSize(file, directory.number(TILE_WIDTH, 0), directory.number(TILE_LENGTH, 0));
    }
    List<String> notes = new ArrayList<>();
    checkKind(file, directory, notes);
    checkData(
        file, bytes.length, directory, directory.has(TILE_OFFSETS) ? TILE_OFFSETS : STRIP_OFFSETS);
    if (directory.hasMore()) {
      notes.add("it has several pages; only the first is used");
    }
    byte[] profile = directory.bytes(ICC_PROFILE);
    long orientation = directory.number(ORIENTATION, Orientation.UPRIGHT);
    return new Scanned(
        bytes,
        orientation >= 1 && orientation <= 8 ? (int) orientation : Orientation.UPRIGHT,
        profile.length <= PictureLimits.PROFILE_BYTES ? profile : Scanned.NO_PROFILE,
        notes);
  }

  private static void checkKind(String file, TiffDirectory directory, List<String> notes)
      throws FormatException {
    long photometric = directory.number(PHOTOMETRIC, -1);
    if (photometric == 5) {
      throw new FormatException(
          file, "the TIFF is in CMYK, the colours of print; convert it to RGB first");
    }
    if (photometric < 0 || photometric > 3) {
      throw new FormatException(
          file,
          "the TIFF's colours are of kind "
              + photometric
              + "; only grey, palette and RGB (0 to 3) are read");
    }
    long compression = directory.number(COMPRESSION, 1);
    if (!List.of(1L, 2L, 3L, 4L, 5L, 8L, 32773L, 32946L).contains(compression)) {
      throw new FormatException(
          file,
          "the TIFF is compressed by method "
              + compression
              + (compression == 6 || compression == 7 ? " (JPEG)" : "")
              + "; save it with LZW, Deflate or without compression");
    }
    if (directory.number(SAMPLE_FORMAT, 1) != 1) {
      throw new FormatException(
          file, "the TIFF has floating-point or signed values; only unsigned ones are read");
    }
    for (int i = 0; i < directory.count(BITS); i++) {
      long bits = directory.number(BITS, i, 0);
      if (!List.of(1L, 2L, 4L, 8L, 16L).contains(bits)) {
        throw new FormatException(
            file, "the TIFF has " + bits + " bits a channel; 1, 2, 4, 8 and 16 are read");
      }
    }
    if (directory.number(BITS, 1) == 16) {
      notes.add("its 16 bits a channel were reduced to 8");
    }
    if (directory.number(SAMPLES, 1) > 8) {
      throw new FormatException(file, "the TIFF has " + directory.number(SAMPLES, 1) + " channels");
    }
  }

  private static void checkData(String file, int length, TiffDirectory directory, int offsets)
      throws FormatException {
    int counts = offsets == TILE_OFFSETS ? TILE_COUNTS : STRIP_COUNTS;
    int n = directory.count(offsets);
    if (n == 0 || directory.count(counts) != n) {
      throw new FormatException(file, "the TIFF is damaged: its pixels cannot be found");
    }
    for (int i = 0; i < n; i++) {
      long end = directory.number(offsets, i, 0) + directory.number(counts, i, 0);
      if (end > length) {
        throw new FormatException(
            file, "the TIFF is cut off: it has " + length + " bytes, its pixels reach to " + end);
      }
    }
  }
}
