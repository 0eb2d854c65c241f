package io.github.consistencydecoder.cli.shell;

import java.time.Duration;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
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
    int width = Terminal.columns() - 1;
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
}
