package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * PNG: 8 bytes of signature, then chunks of u32 big-endian length, 4 letters, content, CRC-32 over
 * letters and content. {@code IHDR} comes first (width, height, bit depth, colour type,
 * compression, filter, interlace), {@code IEND} last.
 *
 * <p>Checked, in this order: each chunk is inside the file and its CRC holds; IHDR comes first and
 * makes sense; the size is within the limits; there are IDAT and IEND. Only IHDR, PLTE, tRNS, IDAT
 * and IEND are handed on, so that no text or profile is inflated by the decoder.
 */
final class PngFile {
  private static final int SIGNATURE = 8;
  private static final int PALETTE = 3;
  private static final int SRGB_GAMMA = 45455;

  private final String file;
  private final byte[] bytes;
  private final ByteArrayOutputStream clean = new ByteArrayOutputStream();
  private final List<String> notes = new ArrayList<>();
  private int colourType = -1;
  private int orientation = Orientation.UPRIGHT;
  private byte[] profile = Scanned.NO_PROFILE;
  private boolean saysSrgb;
  private long gamma = SRGB_GAMMA;
  private boolean hasData;

  private PngFile(String file, byte[] bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  static Scanned scan(String file, byte[] bytes, PictureLimits limits) throws FormatException {
    return new PngFile(file, bytes).scan(limits);
  }

  private Scanned scan(PictureLimits limits) throws FormatException {
    clean.write(bytes, 0, SIGNATURE);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int at = SIGNATURE;
    while (true) {
      if (bytes.length - at < 12) {
        throw cutOff("at byte " + at + " the next chunk is missing");
      }
      long length = buffer.getInt(at) & 0xffffffffL;
      String type = new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1);
      if (length > bytes.length - at - 12) {
        throw cutOff(
            "chunk %s at byte %s should have %s bytes, %s are left"
                .formatted(printable(type), at, length, Math.max(0, bytes.length - at - 12)));
      }
      checkCrc(buffer, at, (int) length, type);
      chunk(limits, at, (int) length, type);
      if (type.equals("IEND")) {
        break;
      }
      at += 12 + (int) length;
    }
    if (!hasData) {
      throw new FormatException(file, "the PNG has no picture in it (no IDAT chunk)");
    }
    if (profile.length == 0 && !saysSrgb && Math.abs(gamma - SRGB_GAMMA) > SRGB_GAMMA / 20) {
      notes.add("its gamma of " + gamma / 100000.0 + " is not applied");
    }
    return new Scanned(
        clean.toByteArray(), orientation, saysSrgb ? Scanned.NO_PROFILE : profile, notes);
  }

  private FormatException cutOff(String where) {
    return new FormatException(file, "the PNG is cut off: " + where);
  }

  private static String printable(String type) {
    return type.chars().allMatch(c -> c > 32 && c < 127) ? type : "?";
  }

  private void checkCrc(ByteBuffer buffer, int at, int length, String type) throws FormatException {
    CRC32 crc = new CRC32();
    crc.update(bytes, at + 4, length + 4);
    if ((int) crc.getValue() != buffer.getInt(at + 8 + length)) {
      throw new FormatException(
          file,
          "the PNG is damaged: the checksum of chunk %s at byte %s does not fit"
              .formatted(printable(type), at));
    }
  }

  private void chunk(PictureLimits limits, int at, int length, String type) throws FormatException {
    if ((colourType < 0) != type.equals("IHDR")) {
      throw new FormatException(
          file, "the PNG's chunks are out of order: " + printable(type) + " at byte " + at);
    }
    int content = at + 8;
    switch (type) {
      case "IHDR" -> header(limits, content, length);
      case "acTL" -> notes.add("it is animated; only the first picture is used");
      case "sRGB" -> saysSrgb = true;
      case "gAMA" -> gamma = length == 4 ? ByteBuffer.wrap(bytes).getInt(content) : gamma;
      case "eXIf" ->
          orientation =
              Orientation.of(java.util.Arrays.copyOfRange(bytes, content, content + length));
      case "iCCP" -> profile(content, length);
      case "IDAT" -> hasData = true;
      default -> {}
    }
    boolean transparency = type.equals("tRNS") && colourType <= PALETTE;
    if (transparency || List.of("IHDR", "PLTE", "IDAT", "IEND").contains(type)) {
      clean.write(bytes, at, length + 12);
    }
  }

  private void header(PictureLimits limits, int at, int length) throws FormatException {
    if (length != 13) {
      throw new FormatException(file, "the PNG's header has " + length + " bytes instead of 13");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    limits.checkSize(file, buffer.getInt(at) & 0xffffffffL, buffer.getInt(at + 4) & 0xffffffffL);
    int depth = bytes[at + 8];
    int type = bytes[at + 9];
    boolean fits =
        switch (type) {
          case 0 -> List.of(1, 2, 4, 8, 16).contains(depth);
          case PALETTE -> List.of(1, 2, 4, 8).contains(depth);
          case 2, 4, 6 -> depth == 8 || depth == 16;
          default -> false;
        };
    if (!fits || bytes[at + 10] != 0 || bytes[at + 11] != 0 || (bytes[at + 12] & ~1) != 0) {
      throw new FormatException(
          file, "the PNG's header is invalid: colour type " + type + ", " + depth + " bits");
    }
    if (depth == 16) {
      notes.add("its 16 bits a channel were reduced to 8");
    }
    colourType = type;
  }

  /** A name of up to 79 letters, 0, compression method 0, the profile deflated. */
  private void profile(int at, int length) {
    int name = at;
    while (name < at + length && bytes[name] != 0) {
      name++;
    }
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(
          bytes, Math.min(name + 2, at + length), Math.max(0, at + length - name - 2));
      byte[] out = new byte[PictureLimits.PROFILE_BYTES];
      int n = inflater.inflate(out);
      if (!inflater.finished()) {
        notes.add("its colour profile is damaged or too large and was ignored");
        return;
      }
      profile = java.util.Arrays.copyOf(out, n);
    } catch (DataFormatException e) {
      notes.add("its colour profile is damaged and was ignored");
    } finally {
      inflater.end();
    }
  }
}
