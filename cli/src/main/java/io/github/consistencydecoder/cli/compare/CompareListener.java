package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.compare.ComparisonListener;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Moves the bar, says what fails when it does, and ends the comparison when it is cancelled. */
final class CompareListener implements ComparisonListener {
  private final Console console;
  private final Cancellation cancellation;
  private final int decoders;
  private final Map<String, Failure> failures = new LinkedHashMap<>();

  private final Set<String> warned = new HashSet<>();

  private Progress progress = Progress.silent();
  private String current = "";
  private long done;
  private long skipped;
  private int finished;

  /**
   * @param decoders units of an input
   */
  CompareListener(Console console, Cancellation cancellation, int decoders) {
    this.console = console;
    this.cancellation = cancellation;
    this.decoders = decoders;
  }

  /**
   * Moves a bar from now on.
   *
   * @param bar in units of one decode; borrowed
   */
  void show(Progress bar) {
    progress = bar;
  }

  /** What a decoder tells; says which input it is about. */
  DecodeListener of(String decoder) {
    return new DecodeListener() {
      @Override
      public void stepStarted(int step, int steps, int timestep) {
        progress.doing(current + " " + decoder + (steps > 1 ? " " + (step + 1) + "/" + steps : ""));
      }

      @Override
      public void warning(String sentence) {
        // What is odd about the latents, every decoder says.
        if (warned.add(sentence)) {
          console.warning(current + ": " + decoder + ": " + sentence);
        }
      }
    };
  }

  @Override
  public void inputStarted(int index, int count, String name) {
    cancellation.check();
    current = name;
    warned.clear();
    progress.doing(name);
  }

  @Override
  public void decoded(String input, String decoder, long nanos) {
    progress.reached(++done);
  }

  @Override
  public void inputFinished(int index, int count, String name, boolean reused) {
    finished++;
    if (reused) {
      skipped += decoders;
      progress.skipped(skipped);
    }
    reach(index);
  }

  @Override
  public void inputFailed(int index, int count, String name, String reason, Throwable cause) {
    Failure failure =
        cause instanceof FileInput.InputFailedException input
            ? input.failure()
            : new Failure(
                cause == null
                    ? ExitCode.INPUT
                    : Failure.of(name, ExitCode.FAILED, cause).exitCode(),
                name + ": " + reason,
                cause);
    failures.put(name, failure);
    console.error(failure);
    reach(index);
  }

  private void reach(int index) {
    done = (index + 1L) * decoders;
    progress.reached(done);
  }

  @Override
  public void writing(String file) {
    cancellation.check();
    progress.doing("writing " + file);
  }

  /** By input, in order. */
  Map<String, Failure> failures() {
    return failures;
  }

  /** How many inputs are done and on disk. */
  int finished() {
    return finished;
  }
}
