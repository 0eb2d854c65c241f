package io.github.consistencydecoder.cli.shell;

import java.util.Locale;

/** Bytes for people: decimal units, as file managers and download pages use them. */
public final class Sizes {
  private Sizes() {}

  /** A number and its unit. */
  public static String text(long bytes) {
    if (bytes < 1_000) {
      return bytes + " B";
    }
    if (bytes < 1_000_000) {
      return String.format(Locale.ROOT, "%.1f kB", bytes / 1e3);
    }
    return bytes < 1_000_000_000
        ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
        : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
  }
}
