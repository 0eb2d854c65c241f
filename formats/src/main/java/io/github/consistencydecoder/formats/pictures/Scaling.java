package io.github.consistencydecoder.formats.pictures;

/** Pictures at other sizes. */
public final class Scaling {
  private static final double A = -0.5;
  private static final int SUPPORT = 2;

  private Scaling() {}

  /**
   * Bicubic scaling, {@code a = -0.5}, with a kernel that widens as the picture shrinks, so that
   * nothing is skipped: Pillow's {@code BICUBIC}, with its rounding between the two passes, which
   * keeps sharp edges from ringing far.
   *
   * @param picture borrowed
   * @return of the size asked for
   */
  public static Picture scale(Picture picture, int width, int height) {
    Taps across = Taps.of(picture.width(), width);
    Taps down = Taps.of(picture.height(), height);
    byte[] rgb = new byte[3 * width * height];
    for (int c = 0; c < 3; c++) {
      float[] narrow = across(picture.plane(c), picture.width(), picture.height(), across);
      down(narrow, width, down, rgb, c);
    }
    return Picture.takeOver(width, height, rgb);
  }

  private static float[] across(float[] plane, int width, int height, Taps taps) {
    int out = taps.first.length;
    float[] result = new float[out * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < out; x++) {
        double sum = 0;
        for (int k = 0; k < taps.weights[x].length; k++) {
          sum += taps.weights[x][k] * plane[y * width + taps.first[x] + k];
        }
        result[y * out + x] = level(sum);
      }
    }
    return result;
  }

  private static void down(float[] plane, int width, Taps taps, byte[] rgb, int channel) {
    for (int y = 0; y < taps.first.length; y++) {
      for (int x = 0; x < width; x++) {
        double sum = 0;
        for (int k = 0; k < taps.weights[y].length; k++) {
          sum += taps.weights[y][k] * plane[(taps.first[y] + k) * width + x];
        }
        rgb[3 * (y * width + x) + channel] = (byte) level(sum);
      }
    }
  }

  private static int level(double value) {
    return (int) Math.min(Math.max(Math.round(value), 0), 255);
  }

  /** Each pixel becomes {@code factor x factor} equal ones. */
  public static Picture enlarged(Picture picture, int factor) {
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
  public static Picture fitted(Picture picture, int side) {
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

  /** Which values make up each new one, and with which weights, that add up to 1. */
  private static final class Taps {
    private final int[] first;
    private final double[][] weights;

    private Taps(int size) {
      first = new int[size];
      weights = new double[size][];
    }

    static Taps of(int from, int to) {
      double scale = (double) from / to;
      double width = Math.max(scale, 1);
      Taps taps = new Taps(to);
      for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale;
        int start = Math.max(0, (int) (centre - SUPPORT * width + 0.5));
        int end = Math.min(from, (int) (centre + SUPPORT * width + 0.5));
        double[] weights = new double[end - start];
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
          weights[k] = kernel((start + k - centre + 0.5) / width);
          sum += weights[k];
        }
        for (int k = 0; k < weights.length; k++) {
          weights[k] /= sum;
        }
        taps.first[i] = start;
        taps.weights[i] = weights;
      }
      return taps;
    }

    private static double kernel(double at) {
      double x = Math.abs(at);
      if (x < 1) {
        return ((A + 2) * x - (A + 3)) * x * x + 1;
      }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    }
  }
}
