package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/** A grid of values, {@code [H, W]} row-major. */
record Plane(int width, int height, double[] values) {
  /** Rec. 709 weights as scikit-image's {@code rgb2gray} rounds them. */
  private static final double RED = 0.2125;

  private static final double GREEN = 0.7154;
  private static final double BLUE = 0.0721;

  static Plane channel(Picture picture, int channel) {
    byte[] rgb = picture.rgb();
    double[] out = new double[rgb.length / 3];
    for (int i = 0; i < out.length; i++) {
      out[i] = rgb[3 * i + channel] & 0xff;
    }
    return new Plane(picture.width(), picture.height(), out);
  }

  /**
   * {@code 0.2125 R + 0.7154 G + 0.0721 B} in levels: scikit-image's {@code rgb2gray}, times 255.
   */
  static Plane luma(Picture picture) {
    byte[] rgb = picture.rgb();
    double[] out = new double[rgb.length / 3];
    for (int i = 0; i < out.length; i++) {
      out[i] =
          RED * (rgb[3 * i] & 0xff)
              + GREEN * (rgb[3 * i + 1] & 0xff)
              + BLUE * (rgb[3 * i + 2] & 0xff);
    }
    return new Plane(picture.width(), picture.height(), out);
  }

  /**
   * Half the size: means of blocks of 2x2. An odd last row or column is repeated first, so that
   * nothing is lost.
   */
  Plane halved() {
    int w = (width + 1) / 2;
    int h = (height + 1) / 2;
    double[] out = new double[w * h];
    for (int y = 0; y < h; y++) {
      int top = 2 * y * width;
      int bottom = Math.min(2 * y + 1, height - 1) * width;
      for (int x = 0; x < w; x++) {
        int left = 2 * x;
        int right = Math.min(2 * x + 1, width - 1);
        out[y * w + x] =
            (values[top + left]
                    + values[top + right]
                    + values[bottom + left]
                    + values[bottom + right])
                / 4;
      }
    }
    return new Plane(w, h, out);
  }

  /**
   * Correlation with the same weights along rows and columns, only where they fit entirely: {@code
   * [H - n + 1, W - n + 1]} for n weights.
   */
  Plane filtered(double[] weights) {
    int n = weights.length;
    int w = width - n + 1;
    int h = height - n + 1;
    double[] across = new double[w * height];
    for (int y = 0; y < height; y++) {
      for (int k = 0; k < n; k++) {
        add(across, y * w, values, y * width + k, w, weights[k]);
      }
    }
    double[] out = new double[w * h];
    for (int y = 0; y < h; y++) {
      for (int k = 0; k < n; k++) {
        add(out, y * w, across, (y + k) * w, w, weights[k]);
      }
    }
    return new Plane(w, h, out);
  }

  /** {@code to[..] += weight * from[..]}; a loop of its own so that the compiler vectorises it. */
  private static void add(
      double[] to, int toStart, double[] from, int fromStart, int n, double weight) {
    for (int i = 0; i < n; i++) {
      to[toStart + i] += weight * from[fromStart + i];
    }
  }
}
