package io.github.consistencydecoder.core.memory;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes of memory as people write and read them. */
public final class MemorySize {
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,15}(?:\\.\\d{1,9})?) ?([A-Za-z]{2,3})");

  /** Units in capitals, with their bytes. */
  private static final Map<String, Long> UNITS =
      new TreeMap<>(
          Map.of(
              "KB",
              1_000L,
              "MB",
              1_000_000L,
              "GB",
              1_000_000_000L,
              "TB",
              1_000_000_000_000L,
              "KIB",
              1L << 10,
              "MIB",
              1L << 20,
              "GIB",
              1L << 30,
              "TIB",
              1L << 40));

  private MemorySize() {}

  /**
   * Reads a size: a number and a unit, {@code 800MB} or {@code 1.5GiB}; the unit in any case.
   *
   * @throws IllegalArgumentException saying what is needed
   */
  public static long parse(String text) {
    Matcher m = FORM.matcher(text);
    Long unit = m.matches() ? UNITS.get(m.group(2).toUpperCase(Locale.ROOT)) : null;
    if (unit != null) {
      BigDecimal bytes = new BigDecimal(m.group(1)).multiply(BigDecimal.valueOf(unit));
      if (bytes.compareTo(BigDecimal.ONE) >= 0
          && bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
        return bytes.setScale(0, RoundingMode.DOWN).longValueExact();
      }
    }
    throw new IllegalArgumentException(
        ("'%s' is not a size of memory: a number above 0 with KB, MB, GB,"
                + " TB, KiB, MiB, GiB or TiB is needed, such as 3GiB or 800MB")
            .formatted(text));
  }

  /** A size for a message, in decimal units: {@code 1.34 GB}. */
  public static String say(long bytes) {
    if (bytes >= 999_500_000) {
      return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }
    return String.format(Locale.ROOT, "%.0f MB", Math.ceil(bytes / 1e6));
  }
}
