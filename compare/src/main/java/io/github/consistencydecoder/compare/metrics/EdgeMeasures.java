package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/**
 * Sharpness and edges, on the luma in levels of 0 to 255. The outermost row and column on each side
 * are left out, for no filter is defined there.
 */
public final class EdgeMeasures {
  /** Pictures with a side below this have no edges to measure. */
  public static final int SMALLEST_SIDE = 3;

  private EdgeMeasures() {}

  /**
   * Variance of the Laplacian {@code 4 v - left - right - above - below} (Pech-Pacheco and others,
   * "Diatom autofocusing in brightfield microscopy: a comparative study", 2000); scikit-image's
   * {@code laplace}, population variance. Higher is sharper, and noisier.
   *
   * @throws IllegalArgumentException if a side is below {@link #SMALLEST_SIDE}
   */
  public static double sharpness(Picture picture) {
    check(picture);
    Plane luma = Plane.luma(picture);
    double[] v = luma.values();
    int w = luma.width();
    double sum = 0;
    double squares = 0;
    for (int y = 1; y < luma.height() - 1; y++) {
      for (int i = y * w + 1; i < (y + 1) * w - 1; i++) {
        double laplacian = 4 * v[i] - v[i - 1] - v[i + 1] - v[i - w] - v[i + w];
        sum += laplacian;
        squares += laplacian * laplacian;
      }
    }
    double n = (double) (w - 2) * (luma.height() - 2);
    double mean = sum / n;
    return Math.max(0, squares / n - mean * mean);
  }

  /**
   * {@code mean(|G(a) - G(b)|)} of the gradient's magnitude after Sobel, {@code G = sqrt((Gx^2 +
   * Gy^2) / 2)} with kernels {@code [1 2 1]/4} by {@code [1 0 -1]}; scikit-image's {@code sobel}.
   *
   * @throws IllegalArgumentException if the sizes differ or a side is below {@link #SMALLEST_SIDE}
   */
  public static double edgeError(Picture a, Picture b) {
    SameSize.check(a, b);
    check(a);
    Plane p = Plane.luma(a);
    Plane q = Plane.luma(b);
    int w = p.width();
    double sum = 0;
    for (int y = 1; y < p.height() - 1; y++) {
      for (int i = y * w + 1; i < (y + 1) * w - 1; i++) {
        sum += Math.abs(gradient(p.values(), i, w) - gradient(q.values(), i, w));
      }
    }
    return sum / ((double) (w - 2) * (p.height() - 2));
  }

  private static double gradient(double[] v, int i, int w) {
    double above = v[i - w - 1] + 2 * v[i - w] + v[i - w + 1];
    double below = v[i + w - 1] + 2 * v[i + w] + v[i + w + 1];
    double left = v[i - w - 1] + 2 * v[i - 1] + v[i + w - 1];
    double right = v[i - w + 1] + 2 * v[i + 1] + v[i + w + 1];
    double gy = (above - below) / 4;
    double gx = (left - right) / 4;
    return Math.sqrt((gx * gx + gy * gy) / 2);
  }

  private static void check(Picture picture) {
    if (Math.min(picture.width(), picture.height()) < SMALLEST_SIDE) {
      throw new IllegalArgumentException(
          "a picture of " + picture.width() + "x" + picture.height() + " has no inside");
    }
  }
}
