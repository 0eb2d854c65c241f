package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.compare.metrics.Measure;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Text and numbers as HTML. */
final class Html {
  private Html() {}

  /** Text of any origin, fit for an element's content and for an attribute in double quotes. */
  static String text(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        default -> out.append(c < ' ' && c != '\n' && c != '\t' ? '\ufffd' : c);
      }
    }
    return out.toString();
  }

  /** A value with the digits that its measure is worth. */
  static String number(String id, double value) {
    if (Double.isInfinite(value)) {
      return "∞";
    }
    int digits = Measure.of(id).map(Measure::digits).orElse(4);
    String number = String.format(Locale.ROOT, "%." + digits + "f", value);
    return number.matches("-[0.]+") ? number.substring(1) : number;
  }

  /** A measure's heading. */
  static String heading(String id) {
    Optional<Measure> measure = Measure.of(id);
    String label = measure.map(Measure::label).orElse(id);
    String unit = measure.map(Measure::unit).orElse("");
    return text(unit.isEmpty() ? label : label + ", " + unit);
  }

  /** Seconds with three digits that count. */
  static String seconds(double seconds) {
    int digits = seconds < 0.1 ? 3 : seconds < 10 ? 2 : seconds < 100 ? 1 : 0;
    return String.format(Locale.ROOT, "%." + digits + "f s", seconds);
  }

  /** Bytes in MiB or GiB; a dash if they are not known. */
  static String bytes(OptionalLong bytes) {
    if (bytes.isEmpty()) {
      return "–";
    }
    double mib = bytes.getAsLong() / 1048576.0;
    return mib < 1024
        ? String.format(Locale.ROOT, mib < 10 ? "%.1f MiB" : "%.0f MiB", mib)
        : String.format(Locale.ROOT, "%.2f GiB", mib / 1024);
  }
}
