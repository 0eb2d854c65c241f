package io.github.consistencydecoder.server.core;

import java.util.concurrent.Future;

/**
 * An accepted call. The fields that change are guarded by the lock of the {@link JobQueue} unless
 * they say otherwise.
 *
 * @param <R> what it has when it is completed
 */
abstract class Call<R> {
  /** Where a call is. */
  enum Stage {
    /** Accepted; its listener is being told. */
    ACCEPTED,
    /** In the queue. */
    WAITING,
    /** On a lane. */
    RUNNING,
    /** Counted; its listener has been told or is being told. */
    DONE
  }

  /**
   * What is settled at admission.
   *
   * @param acceptedNanos on the clock of {@link System#nanoTime()}
   * @param endNanos when it must be done, by its deadline or the server's limit
   * @param heldBytes heap that it holds while it waits
   * @param joins whether it may be decoded in one batch with others
   */
  record Terms(
      CallSettings settings,
      ModelSupervisor keeper,
      LoadedModel model,
      DecodeSize size,
      Prediction prediction,
      long acceptedNanos,
      long endNanos,
      long heldBytes,
      boolean joins) {}

  final CallKind kind;
  final Terms terms;
  final CallListener<R> listener;

  Stage stage = Stage.ACCEPTED;
  volatile StopReason stop;
  volatile Outcome outcome;
  Run run;
  long sequence;

  /** When it left the queue for a lane; 0 before. */
  long startedNanos;

  /** Written by the lane, read when the run is over. */
  volatile R result;

  /** As {@link #result}. */
  volatile ServiceException failure;

  /** On a lane; 0 before. As {@link #result}. */
  volatile long runNanos;

  /** Held while the listener is told of a step, so that the end comes after it. */
  private final Object telling = new Object();

  private boolean ended;

  /** Set before the call waits. */
  volatile Future<?> timer;

  Call(CallKind kind, Terms terms, CallListener<R> listener) {
    this.kind = kind;
    this.terms = terms;
    this.listener = listener;
  }

  /** What the log says of its noise; empty if it has none. */
  abstract String seed();

  long predictedNanos() {
    return terms.prediction().nanos();
  }

  /** That the work takes if all goes well. */
  long leastNanos() {
    return terms.model().speed(kind).least(terms.prediction().operations());
  }

  long queueNanos() {
    return startedNanos - terms.acceptedNanos();
  }

  /** Tells of a step, unless the end was told already. */
  void tellStep(Runnable step) {
    synchronized (telling) {
      if (!ended) {
        Listeners.tell(step);
      }
    }
  }

  /** Tells of the end, once the last step was told. */
  void tellEnd() {
    synchronized (telling) {
      ended = true;
    }
    if (outcome == Outcome.COMPLETED) {
      Listeners.tell(() -> listener.completed(result));
    } else {
      ServiceException why = ending();
      Listeners.tell(() -> listener.failed(why));
    }
  }

  /** Why it has no result, when it is settled. */
  ServiceException ending() {
    return stop == null ? failure : stop.exception();
  }

  /** Does the work, on a lane, and keeps the result. */
  abstract void perform(Run run);
}
