package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/**
 * The difference that people see between two colours: CIEDE2000 (Sharma, Wu, Dalal, "The CIEDE2000
 * color-difference formula", 2005) on CIELAB under D65. About 1 is just noticeable side by side.
 */
public final class ColourDifference {
  /** sRGB's linear light to CIE XYZ, IEC 61966-2-1, divided by the D65 white. */
  private static final double[][] TO_XYZ = {
    {0.412453 / 0.95047, 0.357580 / 0.95047, 0.180423 / 0.95047},
    {0.212671, 0.715160, 0.072169},
    {0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883}
  };

  private static final double[] LINEAR = linear();
  private static final double TWENTY_FIVE_7 = Math.pow(25, 7);

  private ColourDifference() {}

  private static double[] linear() {
    double[] table = new double[256];
    for (int i = 0; i < table.length; i++) {
      double v = i / 255.0;
      table[i] = v > 0.04045 ? Math.pow((v + 0.055) / 1.055, 2.4) : v / 12.92;
    }
    return table;
  }

  /**
   * The mean over all pixels; scikit-image's {@code deltaE_ciede2000} of {@code rgb2lab}.
   *
   * @throws IllegalArgumentException if the sizes differ
   */
  public static double mean(Picture a, Picture b) {
    SameSize.check(a, b);
    byte[] p = a.rgb();
    byte[] q = b.rgb();
    double[] lab1 = new double[3];
    double[] lab2 = new double[3];
    double sum = 0;
    for (int i = 0; i < p.length; i += 3) {
      if (p[i] != q[i] || p[i + 1] != q[i + 1] || p[i + 2] != q[i + 2]) {
        lab(p, i, lab1);
        lab(q, i, lab2);
        sum += ciede2000(lab1, lab2);
      }
    }
    return sum / (p.length / 3.0);
  }

  private static void lab(byte[] rgb, int at, double[] lab) {
    double r = LINEAR[rgb[at] & 0xff];
    double g = LINEAR[rgb[at + 1] & 0xff];
    double b = LINEAR[rgb[at + 2] & 0xff];
    double x = f(TO_XYZ[0][0] * r + TO_XYZ[0][1] * g + TO_XYZ[0][2] * b);
    double y = f(TO_XYZ[1][0] * r + TO_XYZ[1][1] * g + TO_XYZ[1][2] * b);
    double z = f(TO_XYZ[2][0] * r + TO_XYZ[2][1] * g + TO_XYZ[2][2] * b);
    lab[0] = 116 * y - 16;
    lab[1] = 500 * (x - y);
    lab[2] = 200 * (y - z);
  }

  private static double f(double t) {
    return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16.0 / 116;
  }

  /** Symbols as in Sharma's paper; angles in radians. */
  static double ciede2000(double[] lab1, double[] lab2) {
    double meanC = (Math.hypot(lab1[1], lab1[2]) + Math.hypot(lab2[1], lab2[2])) / 2;
    double g = 0.5 * (1 - seventh(meanC));
    double a1 = lab1[1] * (1 + g);
    double a2 = lab2[1] * (1 + g);
    double c1 = Math.sqrt(a1 * a1 + lab1[2] * lab1[2]);
    double c2 = Math.sqrt(a2 * a2 + lab2[2] * lab2[2]);
    double h1 = hue(lab1[2], a1);
    double h2 = hue(lab2[2], a2);

    double deltaHue = h2 - h1;
    double meanHue = (h1 + h2) / 2;
    if (c1 * c2 == 0) {
      deltaHue = 0;
      meanHue = h1 + h2;
    } else if (Math.abs(h1 - h2) > Math.PI) {
      deltaHue += deltaHue > 0 ? -2 * Math.PI : 2 * Math.PI;
      meanHue += h1 + h2 < 2 * Math.PI ? Math.PI : -Math.PI;
    }

    double meanL = (lab1[0] + lab2[0]) / 2;
    double meanCPrime = (c1 + c2) / 2;
    double l50 = (meanL - 50) * (meanL - 50);
    double t =
        1
            - 0.17 * Math.cos(meanHue - Math.toRadians(30))
            + 0.24 * Math.cos(2 * meanHue)
            + 0.32 * Math.cos(3 * meanHue + Math.toRadians(6))
            - 0.20 * Math.cos(4 * meanHue - Math.toRadians(63));
    double lightness = (lab2[0] - lab1[0]) / (1 + 0.015 * l50 / Math.sqrt(20 + l50));
    double chroma = (c2 - c1) / (1 + 0.045 * meanCPrime);
    double hue = 2 * Math.sqrt(c1 * c2) * Math.sin(deltaHue / 2) / (1 + 0.015 * meanCPrime * t);
    double fromBlue = (Math.toDegrees(meanHue) - 275) / 25;
    double theta = Math.toRadians(30) * Math.exp(-fromBlue * fromBlue);
    double rotation = -2 * seventh(meanCPrime) * Math.sin(2 * theta);
    return Math.sqrt(
        Math.max(0, lightness * lightness + chroma * chroma + hue * hue + rotation * chroma * hue));
  }

  /** {@code sqrt(c^7 / (c^7 + 25^7))}. */
  private static double seventh(double c) {
    double c2 = c * c;
    double c7 = c2 * c2 * c2 * c;
    return Math.sqrt(c7 / (c7 + TWENTY_FIVE_7));
  }

  /** Of a colour without chroma, 0. */
  private static double hue(double b, double a) {
    double h = Math.atan2(b, a);
    return h < 0 ? h + 2 * Math.PI : h;
  }
}
