package io.github.consistencydecoder.formats.io;

import java.util.Locale;

/** Sizes as people read them, in decimal units. */
public final class ByteSizes {
  private static final String[] UNITS = {"kB", "MB", "GB", "TB", "PB", "EB"};

  private ByteSizes() {}

  /** A number of three digits and its unit. */
  public static String text(long bytes) {
    if (bytes < 1000) {
      return bytes + " bytes";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 999.5 && unit < UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    String digits = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, digits + " %s", value, UNITS[unit]);
  }
}
