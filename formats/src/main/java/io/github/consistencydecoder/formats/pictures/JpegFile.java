package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * JPEG (ITU-T T.81): segments of 0xFF, a marker byte and, for most, a big-endian u16 length that
 * counts itself. After a start of scan (0xDA) come coded bytes up to the next marker that is
 * neither 0xFF00 nor a restart. SOF markers say precision, height, width and components. APP1
 * "Exif" holds the orientation, APP2 "ICC_PROFILE" parts of a colour profile.
 *
 * <p>Handed on are the coded picture, JFIF and Adobe (which say what the components mean); all
 * other application segments stay behind, so that no thumbnail or profile reaches the decoder.
 */
final class JpegFile {
  private static final byte[] JFIF = "JFIF\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] ADOBE = "Adobe".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] ICC = "ICC_PROFILE\0".getBytes(StandardCharsets.ISO_8859_1);

  private final String file;
  private final byte[] bytes;
  private final PictureLimits limits;
  private final ByteArrayOutputStream clean = new ByteArrayOutputStream();
  private final List<String> notes = new ArrayList<>();
  private final Map<Integer, byte[]> profileParts = new TreeMap<>();
  private int profilePartsExpected;
  private int orientation = Orientation.UPRIGHT;
  private boolean hasFrame;
  private boolean inks;
  private boolean mixed;
  private int scans;
  private int at = 2;

  private JpegFile(String file, byte[] bytes, PictureLimits limits) {
    this.file = file;
    this.bytes = bytes;
    this.limits = limits;
  }

  /**
   * What a JPEG holds.
   *
   * @param inks whether the colours are four inks, not light
   * @param mixed whether the first three inks are coded as brightness and two differences
   */
  record Content(Scanned scanned, boolean inks, boolean mixed) {}

  static Content scan(String file, byte[] bytes, PictureLimits limits) throws FormatException {
    return new JpegFile(file, bytes, limits).scan();
  }

  private Content scan() throws FormatException {
    clean.write(bytes, 0, 2);
    int marker;
    do {
      marker = nextMarker();
    } while (!segment(marker));
    if (scans == 0) {
      throw new FormatException(file, "the JPEG has no picture in it");
    }
    return new Content(
        new Scanned(clean.toByteArray(), orientation, profile(), notes), inks, mixed);
  }

  /** Moves behind the marker. */
  private int nextMarker() throws FormatException {
    need(2);
    if ((bytes[at] & 0xff) != 0xff) {
      throw new FormatException(
          file, "the JPEG is damaged: at byte " + at + " a marker should begin");
    }
    while ((bytes[at] & 0xff) == 0xff) {
      at++;
      need(1);
    }
    return bytes[at++] & 0xff;
  }

  /** True at the end of the picture. */
  private boolean segment(int marker) throws FormatException {
    if (marker == 0xd9) {
      clean.write(0xff);
      clean.write(0xd9);
      return true;
    }
    if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      return false;
    }
    need(2);
    int length = u16(at);
    if (length < 2) {
      throw new FormatException(
          file, "the JPEG is damaged: at byte " + at + " a segment of " + length + " bytes");
    }
    need(length);
    int start = at;
    boolean wanted = true;
    if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
      frame(marker, length);
    } else if (marker >= 0xe0 && marker <= 0xef) {
      wanted = application(marker, Arrays.copyOfRange(bytes, at + 2, at + length));
    } else if (marker == 0xfe) {
      wanted = false;
    }
    at += length;
    if (marker == 0xda) {
      codedBytes();
    }
    if (wanted) {
      clean.write(0xff);
      clean.write(marker);
      clean.write(bytes, start, at - start);
    }
    return false;
  }

  private void frame(int marker, int length) throws FormatException {
    if (length < 8) {
      throw new FormatException(file, "the JPEG is damaged: its frame header is too short");
    }
    if (hasFrame) {
      throw new FormatException(
          file, "the JPEG has several frames in one picture; these are not read");
    }
    hasFrame = true;
    int precision = bytes[at + 2] & 0xff;
    limits.checkSize(file, u16(at + 5), u16(at + 3));
    int components = bytes[at + 7] & 0xff;
    inks = components == 4;
    if (components != 1 && components != 3 && components != 4) {
      throw new FormatException(
          file,
          "the JPEG has " + components + " channels; 1 (grey), 3 (colour) and 4 (CMYK) are read");
    }
    if (marker > 0xc2 || precision != 8) {
      throw new FormatException(
          file,
          ("the JPEG is of a rare kind (frame type %s, %s bits); only baseline"
                  + " and progressive ones of 8 bits are read")
              .formatted(marker - 0xc0, precision));
    }
  }

  /** Whether the decoder needs it. */
  private boolean application(int marker, byte[] content) {
    if (marker == 0xe1 && begins(content, EXIF)) {
      orientation = Orientation.of(Arrays.copyOfRange(content, EXIF.length, content.length));
    } else if (marker == 0xe2 && begins(content, ICC) && content.length > ICC.length + 2) {
      profilePartsExpected = content[ICC.length + 1] & 0xff;
      profileParts.put(
          content[ICC.length] & 0xff, Arrays.copyOfRange(content, ICC.length + 2, content.length));
    }
    if (marker == 0xee && begins(content, ADOBE) && content.length > 11) {
      mixed = content[11] == 2;
    }
    return marker == 0xee || (marker == 0xe0 && begins(content, JFIF));
  }

  private void codedBytes() throws FormatException {
    scans++;
    if (!hasFrame) {
      throw new FormatException(file, "the JPEG is damaged: a scan comes before the frame");
    }
    if (scans > PictureLimits.JPEG_SCANS) {
      throw new FormatException(
          file, "the JPEG repeats itself more than " + PictureLimits.JPEG_SCANS + " times");
    }
    while (true) {
      need(2);
      if ((bytes[at] & 0xff) == 0xff) {
        int next = bytes[at + 1] & 0xff;
        if (next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7)) {
          return;
        }
      }
      at++;
    }
  }

  private byte[] profile() {
    if (profileParts.isEmpty()) {
      return Scanned.NO_PROFILE;
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (int part = 1; part <= profilePartsExpected; part++) {
      byte[] content = profileParts.get(part);
      if (content == null || whole.size() + content.length > PictureLimits.PROFILE_BYTES) {
        notes.add("its colour profile is incomplete or too large and was ignored");
        return Scanned.NO_PROFILE;
      }
      whole.writeBytes(content);
    }
    return whole.toByteArray();
  }

  private static boolean begins(byte[] content, byte[] with) {
    return content.length >= with.length
        && Arrays.equals(content, 0, with.length, with, 0, with.length);
  }

  private int u16(int offset) {
    return ((bytes[offset] & 0xff) << 8) | (bytes[offset + 1] & 0xff);
  }

  private void need(int n) throws FormatException {
    if ((long) at + n > bytes.length) {
      throw new FormatException(
          file,
          "the JPEG is cut off: it ends after " + bytes.length + " bytes without an end mark");
    }
  }
}
