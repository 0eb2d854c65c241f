package io.github.consistencydecoder.cli.shell;

import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBarConsumer;

/**
 * One line of a terminal that is written over and over and leaves nothing behind. The library's own
 * consumers load JLine to measure the window, or end with an empty line.
 */
final class ProgressLine implements ProgressBarConsumer {
  private final PrintStream terminal;
  private final int columns;

  /**
   * @param terminal borrowed
   */
  ProgressLine(PrintStream terminal, int columns) {
    this.terminal = terminal;
    this.columns = columns;
  }

  @Override
  public int getMaxRenderedLength() {
    return columns;
  }

  @Override
  public synchronized void accept(String line) {
    terminal.print('\r' + line);
    terminal.flush();
  }

  @Override
  public synchronized void clear() {
    accept(" ".repeat(columns) + '\r');
  }

  @Override
  public void close() {}
}
