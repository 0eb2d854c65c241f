package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/** Differences pixel by pixel, in levels of 0 to 255, over all three channels. */
public final class PixelError {
  private static final double PEAK = 255;

  private PixelError() {}

  /**
   * {@code mean((a - b)^2)}; scikit-image's {@code mean_squared_error}.
   *
   * @throws IllegalArgumentException if the sizes differ
   */
  public static double meanSquaredError(Picture a, Picture b) {
    SameSize.check(a, b);
    byte[] p = a.rgb();
    byte[] q = b.rgb();
    long sum = 0;
    for (int i = 0; i < p.length; i++) {
      int d = (p[i] & 0xff) - (q[i] & 0xff);
      sum += (long) d * d;
    }
    return (double) sum / p.length;
  }

  /**
   * Peak signal-to-noise ratio in dB, {@code 10 log10(255^2 / MSE)}; scikit-image's {@code
   * peak_signal_noise_ratio} with {@code data_range=255}.
   *
   * @return positive infinity for equal pictures
   */
  public static double psnr(Picture a, Picture b) {
    return 10 * Math.log10(PEAK * PEAK / meanSquaredError(a, b));
  }

  /** {@code mean(|a - b|)}. */
  public static double meanAbsoluteError(Picture a, Picture b) {
    SameSize.check(a, b);
    byte[] p = a.rgb();
    byte[] q = b.rgb();
    long sum = 0;
    for (int i = 0; i < p.length; i++) {
      sum += Math.abs((p[i] & 0xff) - (q[i] & 0xff));
    }
    return (double) sum / p.length;
  }

  /** {@code max(|a - b|)}. */
  public static int largestDifference(Picture a, Picture b) {
    SameSize.check(a, b);
    byte[] p = a.rgb();
    byte[] q = b.rgb();
    int largest = 0;
    for (int i = 0; i < p.length; i++) {
      largest = Math.max(largest, Math.abs((p[i] & 0xff) - (q[i] & 0xff)));
    }
    return largest;
  }

  /**
   * {@code mean(picture - reference)} for red, green and blue: a colour cast, with its sign.
   *
   * @return three values
   */
  public static double[] colourShift(Picture picture, Picture reference) {
    SameSize.check(picture, reference);
    byte[] p = picture.rgb();
    byte[] q = reference.rgb();
    long[] sums = new long[3];
    for (int i = 0; i < p.length; i += 3) {
      for (int c = 0; c < 3; c++) {
        sums[c] += (p[i + c] & 0xff) - (q[i + c] & 0xff);
      }
    }
    double n = p.length / 3.0;
    return new double[] {sums[0] / n, sums[1] / n, sums[2] / n};
  }
}
