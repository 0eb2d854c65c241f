package io.github.consistencydecoder.cli.shell;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar on standard error that also moves its clock while nothing else happens. */
final class ProgressOnTerminal implements Progress {
  private static final int MILLIS = 200;

  private final ProgressBar bar;
  private final ProgressLine line;

  ProgressOnTerminal(String task, long total, String unit, long unitSize) {
    int width = Terminal.columns() - 1;
    line = new ProgressLine(System.err, width);
    ProgressBarBuilder builder =
        ProgressBar.builder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUpdateIntervalMillis(MILLIS)
            .continuousUpdate()
            .setStyle(ProgressBarStyle.ASCII)
            .setUnit(unit, unitSize)
            .setMaxRenderedLength(width)
            .clearDisplayOnFinish()
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
  public void doing(String what) {
    bar.setExtraMessage(what);
  }

  @Override
  public void close() {
    bar.close();
    // The library clears it too, but not when it is closed in the same moment as it draws.
    line.clear();
  }
}
