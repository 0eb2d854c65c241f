package io.github.consistencydecoder.cli.shell;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.ProgressState;

/** A bar on standard error that also moves its clock while nothing else happens. */
final class ProgressOnTerminal implements Progress {
  private static final int MILLIS = 200;

  private final ProgressBar bar;
  private final ProgressLine line;
  private volatile long skipped;
  private volatile boolean closed;

  ProgressOnTerminal(String task, long total, String unit, long unitSize) {
    int width = Console.Terminal.columns() - 1;
    line = new ProgressLine(System.err, width);
    ProgressBarBuilder builder =
        ProgressBar.builder()
            .setTaskName(Printable.line(task))
            .setInitialMax(total)
            .setUpdateIntervalMillis(MILLIS)
            .continuousUpdate()
            .setStyle(ProgressBarStyle.ASCII)
            .setUnit(unit, unitSize)
            .setMaxRenderedLength(width)
            .clearDisplayOnFinish()
            .setEtaFunction(this::estimate)
            .setConsumer(line);
    if (unitSize > 1) {
      builder.showSpeed(new java.text.DecimalFormat("0.0"));
    }
    bar = builder.build();
  }

  @Override
  public void reached(long done) {
    bar.stepTo(done);
  }

  @Override
  public void skipped(long units) {
    skipped = units;
  }

  private Optional<Duration> estimate(ProgressState state) {
    return estimate(state.getTotalElapsed(), state.getCurrent(), state.getMax(), skipped);
  }

  /** How long the rest takes if it goes on as so far; what was skipped took no time. */
  static Optional<Duration> estimate(Duration elapsed, long done, long all, long skipped) {
    long worked = done - skipped;
    return worked <= 0 || all < done
        ? Optional.empty()
        : Optional.of(
            Duration.ofMillis((long) ((double) elapsed.toMillis() * (all - done) / worked)));
  }

  @Override
  public void aside(Runnable printing) {
    synchronized (line) {
      if (!closed) {
        line.clear();
      }
      printing.run();
    }
  }

  @Override
  public void doing(String what) {
    bar.setExtraMessage(Printable.line(what));
  }

  @Override
  public void close() {
    bar.close();
    closed = true;
    // The library clears it too, but not when it is closed in the same moment as it draws.
    line.clear();
  }

  /**
   * One line of a terminal that is written over and over and leaves nothing behind. The library's
   * own consumers load JLine to measure the window, or end with an empty line.
   */
  static final class ProgressLine implements ProgressBarConsumer {
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
}
