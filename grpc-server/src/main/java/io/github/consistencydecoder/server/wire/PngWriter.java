package io.github.consistencydecoder.server.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * PNG of 8 bits a channel, RGB, marked as sRGB. Every row is filtered with "up" (the difference to
 * the row above) and deflated at the fastest level: an answer is read once, so time counts for more
 * than the last tenth of its size.
 */
final class PngWriter {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10};
  private static final byte FILTER = 2;
  private static final int PIECE = 64 << 10;

  private PngWriter() {}

  /**
   * @param rgb {@code [H, W, 3]}
   */
  static byte[] write(byte[] rgb, int width, int height) {
    List<byte[]> pieces = deflated(rgb, 3 * width, height);
    int data = 0;
    for (byte[] piece : pieces) {
      data += piece.length;
    }
    ByteBuffer out = ByteBuffer.allocate(SIGNATURE.length + (12 + 13) + (12 + 1) + 12 + data + 12);
    out.put(SIGNATURE);
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    header.put((byte) 8).put((byte) 2).put((byte) 0).put((byte) 0).put((byte) 0);
    chunk(out, "IHDR", List.of(header.array()));
    chunk(out, "sRGB", List.of(new byte[] {0}));
    chunk(out, "IDAT", pieces);
    chunk(out, "IEND", List.of());
    return out.array();
  }

  private static List<byte[]> deflated(byte[] rgb, int stride, int height) {
    byte[] filtered = new byte[height * (stride + 1)];
    for (int y = 0; y < height; y++) {
      int to = y * (stride + 1);
      int from = y * stride;
      filtered[to++] = FILTER;
      if (y == 0) {
        System.arraycopy(rgb, from, filtered, to, stride);
      } else {
        for (int i = 0; i < stride; i++) {
          filtered[to + i] = (byte) (rgb[from + i] - rgb[from - stride + i]);
        }
      }
    }
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try {
      deflater.setInput(filtered);
      deflater.finish();
      List<byte[]> pieces = new ArrayList<>();
      byte[] buffer = new byte[PIECE];
      while (!deflater.finished()) {
        int n = deflater.deflate(buffer);
        pieces.add(java.util.Arrays.copyOf(buffer, n));
      }
      return pieces;
    } finally {
      deflater.end();
    }
  }

  private static void chunk(ByteBuffer out, String type, List<byte[]> pieces) {
    int at = out.position();
    out.putInt(0).put(type.getBytes(StandardCharsets.ISO_8859_1));
    for (byte[] piece : pieces) {
      out.put(piece);
    }
    int length = out.position() - at - 8;
    out.putInt(at, length);
    CRC32 crc = new CRC32();
    crc.update(out.slice(at + 4, length + 4));
    out.putInt((int) crc.getValue());
  }
}
