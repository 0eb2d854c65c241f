package io.github.consistencydecoder.cli.shell;

/** Text that a terminal shows and does not obey, in one line. */
public final class Printable {
  private Printable() {}

  /**
   * The text with what steers a terminal, breaks the line or turns the direction of writing
   * replaced by its number, as in <code>&#92;u001b</code>.
   */
  public static String line(String text) {
    return escaped(text, "");
  }

  /** As {@link #line}, with ends of lines and tabs kept. */
  static String lines(String text) {
    return escaped(text, "\n\r\t");
  }

  /** Part of a Logback pattern, with a question mark for each character of that kind. */
  public static String logged(String pattern) {
    return "%replace("
        + pattern
        + "){'[\\p{Cntrl}\\x80-\\x9f\\u2028-\\u202e\\u2066-\\u2069]', '?'}";
  }

  private static String escaped(String text, String kept) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (steers(c) && kept.indexOf(c) < 0) {
        out = out == null ? new StringBuilder().append(text, 0, i) : out;
        out.append(String.format("\\u%04x", (int) c));
      } else if (out != null) {
        out.append(c);
      }
    }
    return out == null ? text : out.toString();
  }

  private static boolean steers(char c) {
    return Character.isISOControl(c)
        || (c >= '\u2028' && c <= '\u202e')
        || (c >= '\u2066' && c <= '\u2069');
  }
}
