package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/**
 * SSIM (Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to
 * structural similarity", 2004) and multi-scale SSIM (Wang, Simoncelli, Bovik, "Multi-scale
 * structural similarity for image quality assessment", 2003).
 *
 * <p>An 11x11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, levels 0 to 255, population
 * variance; only windows that lie inside the picture; each channel by itself, then the mean. 1 for
 * equal pictures.
 */
public final class StructuralSimilarity {
  /** Pictures with a side below this have no SSIM: the window does not fit. */
  public static final int SMALLEST_SIDE = 11;

  /** Pictures with a side below this have no multi-scale SSIM: the window does not fit at last. */
  public static final int SMALLEST_SIDE_MULTI_SCALE = 161;

  private static final double SIGMA = 1.5;
  private static final double C1 = (0.01 * 255) * (0.01 * 255);
  private static final double C2 = (0.03 * 255) * (0.03 * 255);

  /** The five exponents of the 2003 paper, finest scale first. */
  private static final double[] EXPONENTS = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

  private static final double[] WINDOW = window();

  private StructuralSimilarity() {}

  private static double[] window() {
    double[] weights = new double[SMALLEST_SIDE];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      int d = i - SMALLEST_SIDE / 2;
      weights[i] = Math.exp(-d * d / (2 * SIGMA * SIGMA));
      sum += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= sum;
    }
    return weights;
  }

  /**
   * SSIM; scikit-image's {@code structural_similarity} with {@code gaussian_weights=True,
   * sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=-1}.
   *
   * @throws IllegalArgumentException if the sizes differ or a side is below {@link #SMALLEST_SIDE}
   */
  public static double ssim(Picture a, Picture b) {
    check(a, b, SMALLEST_SIDE);
    double sum = 0;
    for (int c = 0; c < 3; c++) {
      sum += similarity(Plane.channel(a, c), Plane.channel(b, c)).whole;
    }
    return sum / 3;
  }

  /**
   * Multi-scale SSIM over five scales: {@code prod(cs_i ^ e_i, i = 1 .. 4) * ssim_5 ^ e_5}, where
   * {@code cs} is the contrast and structure part. As the authors' own implementation, each factor
   * is a mean over its scale before it is raised, and the luminance part counts at the last scale
   * only. Between scales the picture is halved by means of 2x2 (an odd last row is repeated). Each
   * channel by itself, then the mean; a negative factor counts as 0.
   *
   * @throws IllegalArgumentException if the sizes differ or a side is below {@link
   *     #SMALLEST_SIDE_MULTI_SCALE}
   */
  public static double multiScale(Picture a, Picture b) {
    check(a, b, SMALLEST_SIDE_MULTI_SCALE);
    double sum = 0;
    for (int c = 0; c < 3; c++) {
      Plane p = Plane.channel(a, c);
      Plane q = Plane.channel(b, c);
      double product = 1;
      for (int scale = 0; scale < EXPONENTS.length; scale++) {
        Similarity similarity = similarity(p, q);
        boolean last = scale == EXPONENTS.length - 1;
        double factor = last ? similarity.whole : similarity.contrastAndStructure;
        product *= Math.pow(Math.max(factor, 0), EXPONENTS[scale]);
        if (!last) {
          p = p.halved();
          q = q.halved();
        }
      }
      sum += product;
    }
    return sum / 3;
  }

  private static void check(Picture a, Picture b, int smallest) {
    SameSize.check(a, b);
    if (Math.min(a.width(), a.height()) < smallest) {
      throw new IllegalArgumentException(
          "a picture of " + a.width() + "x" + a.height() + " is smaller than " + smallest);
    }
  }

  private record Similarity(double whole, double contrastAndStructure) {}

  /**
   * Means of the SSIM map and of its contrast and structure part. From the sum s = a + b and the
   * difference d = a - b: {@code 2 mu_a mu_b = (mu_s^2 - mu_d^2) / 2} and {@code mu_a^2 + mu_b^2 =
   * (mu_s^2 + mu_d^2) / 2}, and the same for the variances, so that four filters do for five.
   */
  private static Similarity similarity(Plane a, Plane b) {
    int n = a.values().length;
    double[] s = new double[n];
    double[] d = new double[n];
    double[] ss = new double[n];
    double[] dd = new double[n];
    for (int i = 0; i < n; i++) {
      s[i] = a.values()[i] + b.values()[i];
      d[i] = a.values()[i] - b.values()[i];
      ss[i] = s[i] * s[i];
      dd[i] = d[i] * d[i];
    }
    double[] meanS = filtered(a, s);
    double[] meanD = filtered(a, d);
    double[] meanSs = filtered(a, ss);
    double[] meanDd = filtered(a, dd);
    double whole = 0;
    double contrast = 0;
    for (int i = 0; i < meanS.length; i++) {
      double squareS = meanS[i] * meanS[i];
      double squareD = meanD[i] * meanD[i];
      double varianceS = meanSs[i] - squareS;
      double varianceD = meanDd[i] - squareD;
      double cs = ((varianceS - varianceD) / 2 + C2) / ((varianceS + varianceD) / 2 + C2);
      contrast += cs;
      whole += cs * ((squareS - squareD) / 2 + C1) / ((squareS + squareD) / 2 + C1);
    }
    return new Similarity(whole / meanS.length, contrast / meanS.length);
  }

  private static double[] filtered(Plane size, double[] values) {
    return new Plane(size.width(), size.height(), values).filtered(WINDOW).values();
  }
}
