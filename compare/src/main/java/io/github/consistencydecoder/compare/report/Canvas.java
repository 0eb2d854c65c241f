package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.pictures.Picture;
import java.util.Arrays;

/** A white sheet to put pictures and labels on. */
final class Canvas {
  private static final byte INK = 30;

  private final int width;
  private final int height;
  private final byte[] rgb;

  Canvas(int width, int height) {
    this.width = width;
    this.height = height;
    this.rgb = new byte[3 * width * height];
    Arrays.fill(rgb, (byte) 255);
  }

  /** One dark pixel; outside the sheet, nothing. */
  void dot(int x, int y) {
    if (x >= 0 && x < width && y >= 0 && y < height) {
      Arrays.fill(rgb, 3 * (y * width + x), 3 * (y * width + x) + 3, INK);
    }
  }

  /** Lays a picture that fits at x, y. */
  void put(Picture picture, int x, int y) {
    byte[] from = picture.rgb();
    for (int row = 0; row < picture.height(); row++) {
      System.arraycopy(
          from, 3 * row * picture.width(), rgb, 3 * ((y + row) * width + x), 3 * picture.width());
    }
  }

  /** The sheet's pixels go over to the picture; the canvas must not be used afterwards. */
  Picture finish() {
    return Picture.takeOver(width, height, rgb);
  }
}
