package io.github.consistencydecoder.cli.shell;

/**
 * Whether a person watches standard error, and how wide their window is. Java cannot ask that for
 * standard error without native code; the launcher can and tells us.
 */
final class Terminal {
  /** Columns of the terminal that standard error is; 0 or not set if it is none. */
  static final String COLUMNS = "consistencydecoder.terminal.columns";

  private static final int LEAST_COLUMNS = 20;

  private Terminal() {}

  static boolean isWatched() {
    return Integer.getInteger(COLUMNS, 0) > 0;
  }

  static int columns() {
    return Math.max(LEAST_COLUMNS, Integer.getInteger(COLUMNS, LEAST_COLUMNS));
  }
}
