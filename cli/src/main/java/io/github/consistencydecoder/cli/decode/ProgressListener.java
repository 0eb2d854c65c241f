package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.plugin.DecodeListener;
import java.util.ArrayList;
import java.util.List;

/** Moves the bar and passes warnings on when they come, each once. */
final class ProgressListener implements DecodeListener {
  private final Console console;
  private final Progress progress;
  private final String subject;
  private final List<String> heard = new ArrayList<>();

  ProgressListener(Console console, Progress progress, String subject) {
    this.console = console;
    this.progress = progress;
    this.subject = subject;
  }

  @Override
  public void stepStarted(int step, int steps, int timestep) {
    progress.doing("t=" + timestep);
  }

  @Override
  public void stepFinished(int step, int steps, long nanos) {
    progress.reached(step + 1);
  }

  @Override
  public void warning(String sentence) {
    heard.add(sentence);
    console.warning(subject + ": " + sentence);
  }

  /** A plugin may put a warning into its result without telling it first. */
  void sayWhatWasNotHeard(List<String> warnings) {
    for (String sentence : warnings) {
      if (!heard.contains(sentence)) {
        console.warning(subject + ": " + sentence);
      }
    }
  }
}
