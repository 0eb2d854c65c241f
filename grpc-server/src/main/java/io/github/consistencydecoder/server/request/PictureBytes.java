package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * Pictures as bytes: 8-bit tensors {@code [H, W, 3]}, floating-point tensors {@code [3, H, W]}, PNG
 * and JPEG files. Levels are those of {@link Pixels.Rounding#NEAREST}. All arrays are new.
 */
public final class PictureBytes {
  /** Of JPEG files, 1 to 100; colour has full resolution. */
  public static final int JPEG_QUALITY = 95;

  /** Adding it to a number from 0 to 255 rounds that to nearest, halves to even, as rint does. */
  private static final float ROUNDING = 0x1.8p23f;

  private PictureBytes() {}

  /** The whole batch, {@code [N, H, W, 3] uint8}. */
  public static byte[] rgb8(Pixels pixels) {
    byte[] out = new byte[Math.multiplyExact(pixels.batch(), rgb8Size(pixels))];
    for (int k = 0; k < pixels.batch(); k++) {
      levels(pixels, k, 0, pixels.height(), out, k * rgb8Size(pixels));
    }
    return out;
  }

  /** Some rows of one picture, {@code [rows, W, 3] uint8}. */
  public static byte[] rgb8Rows(Pixels pixels, int index, int firstRow, int rows) {
    byte[] out = new byte[3 * rows * pixels.width()];
    levels(pixels, index, firstRow, rows, out, 0);
    return out;
  }

  private static int rgb8Size(Pixels pixels) {
    return 3 * pixels.height() * pixels.width();
  }

  private static void levels(
      Pixels pixels, int index, int firstRow, int rows, byte[] out, int offset) {
    int width = pixels.width();
    FloatBuffer values = pixels.values();
    float[] red = new float[width];
    float[] green = new float[width];
    float[] blue = new float[width];
    int to = offset;
    for (int y = firstRow; y < firstRow + rows; y++) {
      values.get(start(pixels, index, 0, y), red);
      values.get(start(pixels, index, 1, y), green);
      values.get(start(pixels, index, 2, y), blue);
      for (int x = 0; x < width; x++) {
        out[to] = level(red[x]);
        out[to + 1] = level(green[x]);
        out[to + 2] = level(blue[x]);
        to += 3;
      }
    }
  }

  private static byte level(float value) {
    return (byte) (int) (Math.min(Math.max(value * 0.5f + 0.5f, 0f), 1f) * 255f + ROUNDING);
  }

  /** The whole batch, {@code [N, 3, H, W]} in about {@code [-1, 1]}. */
  public static byte[] planes(Pixels pixels, TensorType type) {
    return type.toBytes(pixels.values());
  }

  /** Some rows of one plane of one picture, {@code [rows, W]} in about {@code [-1, 1]}. */
  public static byte[] planeRows(
      Pixels pixels, int index, int plane, int firstRow, int rows, TensorType type) {
    ByteBuffer out = ByteBuffer.allocate(rows * pixels.width() * type.bytes());
    type.write(
        pixels.values().slice(start(pixels, index, plane, firstRow), rows * pixels.width()), out);
    return out.array();
  }

  private static int start(Pixels pixels, int index, int plane, int row) {
    return ((index * 3 + plane) * pixels.height() + row) * pixels.width();
  }

  /** One picture as a PNG file, 8 bits, sRGB. */
  public static byte[] png(Pixels pixels, int index) {
    return PictureWriter.png(picture(pixels, index));
  }

  /** One picture as a JPEG file of quality {@value #JPEG_QUALITY}, 4:4:4. */
  public static byte[] jpeg(Pixels pixels, int index) {
    return PictureWriter.jpeg(picture(pixels, index), JPEG_QUALITY);
  }

  private static Picture picture(Pixels pixels, int index) {
    return Picture.takeOver(
        pixels.width(), pixels.height(), rgb8Rows(pixels, index, 0, pixels.height()));
  }
}
