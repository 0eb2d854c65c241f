package io.github.consistencydecoder.cli.shell;

/** Whether a person watches standard error, and how wide their window is. */
final class Terminal {
  /**
   * Set by the launcher, which can ask the shell: the number of columns of the terminal that
   * standard error is, or 0 if it is none.
   */
  static final String COLUMNS = "consistencydecoder.terminal.columns";

  private static final int USUAL_COLUMNS = 80;

  private Terminal() {}

  static boolean isWatched() {
    Integer columns = Integer.getInteger(COLUMNS);
    return columns == null ? System.console() != null && noBatchTerminal() : columns > 0;
  }

  static int columns() {
    return Math.max(20, Integer.getInteger(COLUMNS, USUAL_COLUMNS));
  }

  /** From JDK 22 on there may be a console without a terminal; then TERM is not set either. */
  private static boolean noBatchTerminal() {
    return Runtime.version().feature() < 22 || System.getenv("TERM") != null;
  }
}
