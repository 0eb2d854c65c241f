package io.github.consistencydecoder.server.wire;

import io.github.consistencydecoder.server.core.ServiceException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;

/**
 * PNG: 8 bytes of signature, then chunks of u32 big-endian length, 4 letters, content, CRC-32 over
 * letters and content. Checked in this order: each chunk is inside the file and its CRC holds; IHDR
 * comes first and makes sense; the size is within the limits; there are IDAT and IEND.
 */
final class PngScan {
  private static final int SIGNATURE = 8;
  private static final int PALETTE = 3;

  private final PictureFile file;
  private final ByteBuffer buffer;
  private final ByteArrayOutputStream clean = new ByteArrayOutputStream();
  private int colourType = -1;
  private boolean hasData;

  PngScan(PictureFile file) {
    this.file = file;
    this.buffer = ByteBuffer.wrap(file.bytes());
  }

  /** The file with nothing in it but IHDR, PLTE, tRNS, IDAT and IEND. */
  byte[] clean() throws ServiceException {
    clean.write(file.bytes(), 0, SIGNATURE);
    int at = SIGNATURE;
    String type;
    do {
      int left = buffer.limit() - at - 12;
      if (left < 0 || buffer.getInt(at) < 0 || buffer.getInt(at) > left) {
        throw file.damaged("the PNG is cut off at byte " + at);
      }
      int length = buffer.getInt(at);
      CRC32 crc = new CRC32();
      crc.update(file.bytes(), at + 4, length + 4);
      if ((int) crc.getValue() != buffer.getInt(at + 8 + length)) {
        throw file.damaged("the checksum of the PNG's chunk at byte " + at + " does not fit");
      }
      type = new String(file.bytes(), at + 4, 4, StandardCharsets.ISO_8859_1);
      chunk(type, at, length);
      at += 12 + length;
    } while (!type.equals("IEND"));
    if (!hasData) {
      throw file.damaged("the PNG has no picture in it");
    }
    return clean.toByteArray();
  }

  private void chunk(String type, int at, int length) throws ServiceException {
    if ((colourType < 0) != type.equals("IHDR")) {
      throw file.damaged("the PNG's header is not where it should be");
    }
    if (type.equals("IHDR")) {
      header(at + 8, length);
    }
    hasData |= type.equals("IDAT");
    boolean transparency = type.equals("tRNS") && colourType <= PALETTE;
    if (transparency || List.of("IHDR", "PLTE", "IDAT", "IEND").contains(type)) {
      clean.write(file.bytes(), at, length + 12);
    }
  }

  private void header(int at, int length) throws ServiceException {
    if (length != 13) {
      throw file.damaged("the PNG's header has " + length + " bytes instead of 13");
    }
    file.checkSize(buffer.getInt(at) & 0xffffffffL, buffer.getInt(at + 4) & 0xffffffffL);
    int depth = buffer.get(at + 8);
    colourType = buffer.get(at + 9);
    boolean fits =
        switch (colourType) {
          case 0 -> List.of(1, 2, 4, 8, 16).contains(depth);
          case PALETTE -> List.of(1, 2, 4, 8).contains(depth);
          case 2, 4, 6 -> depth == 8 || depth == 16;
          default -> false;
        };
    if (!fits || buffer.get(at + 10) != 0 || buffer.get(at + 11) != 0) {
      throw file.damaged("the PNG's header makes no sense");
    }
  }
}
