package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * WebP: {@code RIFF}, a u32 little-endian length, {@code WEBP}, then chunks of four letters, a u32
 * length and content, padded to even. {@code VP8X} says flags and the canvas, width - 1 and height
 * - 1 in 24 bits each; {@code VP8 } holds a lossy key frame, {@code VP8L} a lossless picture, each
 * with its own size; {@code ICCP} a profile, {@code EXIF} the orientation, {@code ANMF} frames.
 *
 * <p>The pixels come from an ImageIO plugin; size and structure are checked before it sees them,
 * and profile and EXIF stay behind.
 */
final class WebpFile {
  private static final int ANIMATED = 2;
  private static final int PROFILE = 0x20;

  private final String file;
  private final ByteBuffer bytes;

  private WebpFile(String file, byte[] bytes) {
    this.file = file;
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static Scanned scan(String file, byte[] bytes, PictureLimits limits) throws FormatException {
    return new WebpFile(file, bytes).scan(bytes, limits);
  }

  private Scanned scan(byte[] all, PictureLimits limits) throws FormatException {
    byte[] profile = Scanned.NO_PROFILE;
    int orientation = Orientation.UPRIGHT;
    List<String> notes = new ArrayList<>();
    byte[] clean = all.clone();
    boolean sized = false;
    long end = Integer.toUnsignedLong(bytes.getInt(4)) + 8;
    if (end > all.length) {
      throw damaged("it has " + all.length + " bytes and says " + end);
    }
    for (int at = 12; at + 8 <= end; ) {
      String name = new String(all, at, 4, StandardCharsets.ISO_8859_1);
      long length = Integer.toUnsignedLong(bytes.getInt(at + 4));
      int start = at + 8;
      if (length > end - start) {
        throw damaged("its part " + (at + 4) + " is longer than the file");
      }
      byte[] content = Arrays.copyOfRange(all, start, start + (int) Math.min(length, 1 << 22));
      switch (name) {
        case "VP8X", "VP8L", "VP8 " -> {
          checkSize(name, start, length, limits);
          sized = true;
          if (name.equals("VP8X") && (all[start] & ANIMATED) != 0) {
            throw new FormatException(file, "the WebP is animated; save its first picture alone");
          }
          if (name.equals("VP8X")) {
            clean[start] &= ~PROFILE;
          }
        }
        case "ICCP" -> {
          if (length <= PictureLimits.PROFILE_BYTES) {
            profile = content;
          } else {
            notes.add("its colour profile is too large and was ignored");
          }
          Arrays.fill(clean, at, at + 4, (byte) 'x');
        }
        case "EXIF" -> {
          orientation = Orientation.of(content);
          Arrays.fill(clean, at, at + 4, (byte) 'x');
        }
        default -> {
          // Alpha belongs to the picture; the decoder passes over the others.
        }
      }
      at = (int) Math.min(end, start + length + (length & 1));
    }
    if (!sized) {
      throw damaged("it has no picture in it");
    }
    return new Scanned(clean, orientation, profile, notes);
  }

  private void checkSize(String name, int at, long length, PictureLimits limits)
      throws FormatException {
    if (length < (name.equals("VP8L") ? 5 : 10)) {
      throw damaged("its header is too short");
    }
    int width;
    int height;
    if (name.equals("VP8X")) {
      width = (bytes.getInt(at + 4) & 0xffffff) + 1;
      height = (bytes.getInt(at + 6) >>> 8) + 1;
    } else if (name.equals("VP8L")) {
      width = (bytes.getInt(at + 1) & 0x3fff) + 1;
      height = (bytes.getInt(at + 1) >>> 14 & 0x3fff) + 1;
    } else {
      width = bytes.getShort(at + 6) & 0x3fff;
      height = bytes.getShort(at + 8) & 0x3fff;
    }
    limits.checkSize(file, width, height);
  }

  private FormatException damaged(String how) {
    return new FormatException(file, "the WebP is damaged: " + how);
  }

  /** The first picture, with its alpha. */
  static BufferedImage decode(byte[] clean) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("webp");
    if (!readers.hasNext()) {
      throw new IOException("the plugin com.twelvemonkeys.imageio:imageio-webp is missing");
    }
    ImageReader reader = readers.next();
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(clean))) {
      reader.setInput(in, true, true);
      return reader.read(0);
    } finally {
      reader.dispose();
    }
  }
}
