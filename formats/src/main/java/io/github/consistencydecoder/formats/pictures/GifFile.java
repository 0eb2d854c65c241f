package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * GIF: 6 bytes of signature; screen width and height (u16 little-endian), flags, background,
 * aspect; a colour table if flag 0x80 is set; then blocks: 0x21 extension (label, sub-blocks), 0x2C
 * picture (left, top, width, height, flags, colour table, code size, sub-blocks), 0x3B end. A
 * sub-block is a length byte and so many bytes; length 0 ends them.
 *
 * <p>Handed on are the screen, the first picture and the graphic control extension before it, so
 * that no later picture is decoded.
 */
final class GifFile {
  private static final int GRAPHIC_CONTROL = 0xf9;

  private final String file;
  private final byte[] bytes;
  private final ByteArrayOutputStream clean = new ByteArrayOutputStream();
  private int at;
  private Region frame;
  private int frames;

  private GifFile(String file, byte[] bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /**
   * What a GIF holds.
   *
   * @param scanned its first picture alone
   * @param screenWidth of the whole
   * @param screenHeight of the whole
   * @param frame where the first picture lies
   */
  record Content(Scanned scanned, int screenWidth, int screenHeight, Region frame) {}

  static Content scan(String file, byte[] bytes, PictureLimits limits) throws FormatException {
    return new GifFile(file, bytes).scan(limits);
  }

  private Content scan(PictureLimits limits) throws FormatException {
    need(13);
    int width = u16(6);
    int height = u16(8);
    limits.checkSize(file, width, height);
    at = 13 + table(bytes[10] & 0xff);
    need(0);
    clean.write(bytes, 0, at);
    while (frames < 2) {
      if (at >= bytes.length && frames > 0) {
        break;
      }
      need(1);
      int kind = bytes[at] & 0xff;
      if (kind == 0x3b) {
        break;
      }
      if (kind == 0x21) {
        extension();
      } else if (kind == 0x2c) {
        picture(width, height);
      } else {
        throw new FormatException(
            file, "the GIF is damaged: byte " + at + " is " + kind + ", which begins no block");
      }
    }
    if (frames == 0) {
      throw new FormatException(file, "the GIF has no picture in it");
    }
    clean.write(0x3b);
    List<String> notes =
        frames > 1 ? List.of("it is animated; only the first picture is used") : List.of();
    return new Content(
        new Scanned(clean.toByteArray(), Orientation.UPRIGHT, Scanned.NO_PROFILE, notes),
        width,
        height,
        frame);
  }

  private void extension() throws FormatException {
    need(2);
    int start = at;
    boolean wanted = (bytes[at + 1] & 0xff) == GRAPHIC_CONTROL && frames == 0;
    at += 2;
    subBlocks();
    if (wanted) {
      clean.write(bytes, start, at - start);
    }
  }

  private void picture(int screenWidth, int screenHeight) throws FormatException {
    int start = at;
    need(11);
    if (frames > 0) {
      frames++;
      return;
    }
    int x = u16(at + 1);
    int y = u16(at + 3);
    int w = u16(at + 5);
    int h = u16(at + 7);
    if (w < 1 || h < 1 || x + w > screenWidth || y + h > screenHeight) {
      throw new FormatException(
          file,
          ("the GIF is damaged: its first picture, %sx%s at %s,%s, is not" + " inside its %sx%s")
              .formatted(w, h, x, y, screenWidth, screenHeight));
    }
    frame = new Region(x, y, w, h);
    at += 10 + table(bytes[at + 9] & 0xff) + 1;
    subBlocks();
    clean.write(bytes, start, at - start);
    frames++;
  }

  private void subBlocks() throws FormatException {
    while (true) {
      need(1);
      int length = bytes[at] & 0xff;
      at++;
      if (length == 0) {
        return;
      }
      need(length);
      at += length;
    }
  }

  private static int table(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  private int u16(int offset) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort(offset) & 0xffff;
  }

  private void need(int n) throws FormatException {
    if ((long) at + n > bytes.length) {
      throw new FormatException(
          file,
          "the GIF is cut off: it has %s bytes, its first picture needs more than %s"
              .formatted(bytes.length, (long) at + n - 1));
    }
  }
}
