package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as a person writes them. */
final class ByteCount {
  private static final Pattern FORM = Pattern.compile("(\\d{1,10})([KMG]?)");
  private static final long MOST = 2L << 30;

  private ByteCount() {}

  /**
   * @param option for the message
   * @param text a number, with K, M or G for that many times 1024
   */
  static long parse(String option, String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (matcher.matches()) {
      long unit =
          switch (matcher.group(2)) {
            case "K" -> 1L << 10;
            case "M" -> 1L << 20;
            case "G" -> 1L << 30;
            default -> 1;
          };
      long count = Long.parseLong(matcher.group(1));
      if (count > 0 && count <= MOST / unit) {
        return count * unit;
      }
    }
    throw new CliException(
        ExitCode.USAGE, option + " " + text + ": a size up to 2G is needed, for example 20M");
  }
}
