package io.github.consistencydecoder.cli.cache;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long something has lain unused, as it is typed: {@code 30d}. */
final class UnusedTime {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,5})([mhdw])");

  private static final int DAYS_OF_WEEK = 7;

  private UnusedTime() {}

  static Duration parse(String text) {
    Matcher found = FORM.matcher(text);
    if (!found.matches()) {
      throw new CliException(
          ExitCode.USAGE,
          "--unused-for "
              + text
              + ": a whole number and m, h, d or w (minutes to weeks) is needed, such as 30d");
    }
    int number = Integer.parseInt(found.group(1));
    return switch (found.group(2)) {
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      case "d" -> Duration.ofDays(number);
      default -> Duration.ofDays((long) DAYS_OF_WEEK * number);
    };
  }
}
