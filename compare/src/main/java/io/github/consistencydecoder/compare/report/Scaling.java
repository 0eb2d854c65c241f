package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.pictures.Picture;

/** Pictures at other sizes. */
final class Scaling {
  private Scaling() {}

  /** Each pixel becomes {@code factor x factor} equal ones. */
  static Picture enlarged(Picture picture, int factor) {
    int w = picture.width() * factor;
    int h = picture.height() * factor;
    byte[] from = picture.rgb();
    byte[] to = new byte[3 * w * h];
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        int source = 3 * ((y / factor) * picture.width() + x / factor);
        System.arraycopy(from, source, to, 3 * (y * w + x), 3);
      }
    }
    return Picture.takeOver(w, h, to);
  }

  /**
   * Made to fit into a square, each new pixel the mean of those it covers; unchanged if it fits.
   *
   * @param side of the square
   */
  static Picture fitted(Picture picture, int side) {
    int longer = Math.max(picture.width(), picture.height());
    if (longer <= side) {
      return picture;
    }
    int w = Math.max(1, (int) Math.round((double) picture.width() * side / longer));
    int h = Math.max(1, (int) Math.round((double) picture.height() * side / longer));
    byte[] from = picture.rgb();
    byte[] to = new byte[3 * w * h];
    for (int y = 0; y < h; y++) {
      int top = (int) ((long) y * picture.height() / h);
      int bottom = Math.max(top + 1, (int) ((long) (y + 1) * picture.height() / h));
      for (int x = 0; x < w; x++) {
        int left = (int) ((long) x * picture.width() / w);
        int right = Math.max(left + 1, (int) ((long) (x + 1) * picture.width() / w));
        for (int c = 0; c < 3; c++) {
          long sum = 0;
          for (int row = top; row < bottom; row++) {
            for (int column = left; column < right; column++) {
              sum += from[3 * (row * picture.width() + column) + c] & 0xff;
            }
          }
          long n = (long) (bottom - top) * (right - left);
          to[3 * (y * w + x) + c] = (byte) ((sum + n / 2) / n);
        }
      }
    }
    return Picture.takeOver(w, h, to);
  }
}
