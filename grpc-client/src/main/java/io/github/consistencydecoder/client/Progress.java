package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.proto.v1.StepFinished;
import io.github.consistencydecoder.proto.v1.StepStarted;

/**
 * Tells a listener of a decode's steps, each once: what a second attempt does again is not told
 * again. Not for use by several threads.
 */
final class Progress {
  private final DecodeListener listener;
  private final Failures failures;
  private int toldStarted;
  private int toldFinished;
  private int started;
  private int finished;

  Progress(DecodeListener listener, Failures failures) {
    this.listener = listener;
    this.failures = failures;
  }

  /** A new attempt begins at the first step. */
  void restart() {
    started = 0;
    finished = 0;
  }

  /**
   * @throws DecoderException if it is not this step's turn
   */
  void started(StepStarted event) {
    if (event.getStep() != started || started != finished || started >= event.getSteps()) {
      throw outOfTurn("beginning", event.getStep(), event.getSteps());
    }
    started++;
    if (started > toldStarted) {
      toldStarted = started;
      listener.stepStarted(event.getStep(), event.getSteps(), event.getTimestep());
    }
  }

  /**
   * @throws DecoderException if it is not this step's turn
   */
  void finished(StepFinished event) {
    if (event.getStep() != finished || finished != started - 1) {
      throw outOfTurn("end", event.getStep(), event.getSteps());
    }
    finished++;
    if (finished > toldFinished) {
      toldFinished = finished;
      listener.stepFinished(event.getStep(), event.getSteps(), event.getNanos());
    }
  }

  private DecoderException outOfTurn(String what, int step, int steps) {
    return failures.broken(
        "the "
            + what
            + " of step "
            + step
            + " of "
            + steps
            + " after "
            + started
            + " beginnings and "
            + finished
            + " ends");
  }
}
