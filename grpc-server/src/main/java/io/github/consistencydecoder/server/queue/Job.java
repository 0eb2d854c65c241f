package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.models.ModelSupervisor;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.queue.DecodeService.EncodeResult;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An accepted call. The fields that change are guarded by the lock of the {@link JobQueue} unless
 * they say otherwise.
 *
 * @param <R> what it has when it is completed
 */
abstract class Job<R> {
  /** Where a call is. */
  enum Stage {
    /** Accepted; its listener is being told. */
    ACCEPTED,
    /** In the queue. */
    WAITING,
    /** On a worker. */
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
      ModelSupervisor supervisor,
      LoadedModel model,
      DecodeSize size,
      Prediction prediction,
      long acceptedNanos,
      long endNanos,
      long heldBytes,
      boolean joins) {}

  private static final Logger LOG = LoggerFactory.getLogger(Job.class);

  final Terms terms;
  final CallListener<R> listener;

  Stage stage = Stage.ACCEPTED;
  volatile StopReason stop;
  volatile Outcome outcome;
  Batch run;
  long sequence;

  /** When it left the queue for a worker; 0 before. */
  long startedNanos;

  /** Written by the worker, read when the run is over. */
  volatile R result;

  /** As {@link #result}. */
  volatile ServiceException failure;

  /** On a worker; 0 before. As {@link #result}. */
  volatile long runNanos;

  /** Held while the listener is told of a step, so that the end comes after it. */
  private final Object telling = new Object();

  private boolean ended;

  /** Set before the call waits. */
  volatile Future<?> timer;

  Job(Terms terms, CallListener<R> listener) {
    this.terms = terms;
    this.listener = listener;
  }

  /** Calls into other people's code, which may throw. */
  static void tell(Runnable telling) {
    try {
      telling.run();
    } catch (RuntimeException | Error e) {
      LOG.error("a listener failed", e);
    }
  }

  /**
   * The last look at what a model gave: a value that is no number never leaves the service.
   *
   * @throws DecoderException {@link DecoderErrorCode#RUNTIME_FAILED}
   */
  static void requireFinite(String thing, FloatBuffer values) {
    // A sum of zeros times values is zero unless one of them is not finite; no branch a value.
    float sum = 0;
    for (int i = 0, n = values.remaining(); i < n; i++) {
      sum += 0 * values.get(i);
    }
    if (sum != 0) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED,
          "the model gave a " + thing + " with values that are NaN or infinite");
    }
  }

  /** What the log says of its noise; empty if it has none. */
  abstract String seed();

  CallKind kind() {
    return terms.size().kind();
  }

  long predictedNanos() {
    return terms.prediction().nanos();
  }

  /** That the work takes if all goes well. */
  long leastNanos() {
    return terms.model().speed(kind()).least(terms.prediction().operations());
  }

  long queueNanos() {
    return startedNanos - terms.acceptedNanos();
  }

  /** Tells of a step, unless the end was told already. */
  void tellStep(Runnable step) {
    synchronized (telling) {
      if (!ended) {
        tell(step);
      }
    }
  }

  /** Tells of the end, once the last step was told. */
  void tellEnd() {
    synchronized (telling) {
      ended = true;
    }
    if (outcome == Outcome.COMPLETED) {
      tell(() -> listener.completed(result));
    } else {
      ServiceException why = ending();
      tell(() -> listener.failed(why));
    }
  }

  /** Why it has no result, when it is settled. */
  ServiceException ending() {
    return stop == null ? failure : stop.exception();
  }

  /** Does the work, on a worker, and keeps the result. */
  abstract void perform(Batch run);

  /** What became of an accepted call; the columns of the {@link Ledger}. */
  enum Outcome {
    COMPLETED("completed"),
    CANCELLED("cancelled"),
    EXPIRED("expired"),
    FAILED("failed");

    private final String id;

    Outcome(String id) {
      this.id = id;
    }

    String id() {
      return id;
    }
  }

  /** Why a call is stopped before it is done. */
  enum StopReason {
    /** The caller has gone. */
    CALLER(Outcome.CANCELLED),
    /** Its deadline, or the server's own limit, has passed. */
    DEADLINE(Outcome.EXPIRED),
    /** The service ends. */
    DRAIN(Outcome.CANCELLED),
    /** Its model no longer decodes. */
    MODEL(Outcome.FAILED);

    private final Outcome outcome;

    StopReason(Outcome outcome) {
      this.outcome = outcome;
    }

    Outcome outcome() {
      return outcome;
    }

    ServiceException exception() {
      return switch (this) {
        case CALLER -> ServiceException.of(ServiceError.CANCELLED, "the caller stopped the call");
        case DEADLINE ->
            ServiceException.of(ServiceError.DEADLINE, "the deadline passed before it was done");
        case DRAIN ->
            ServiceException.retry(
                ServiceError.NOT_READY, "the service is shutting down", Duration.ofSeconds(1));
        case MODEL ->
            ServiceException.retry(
                ServiceError.NOT_READY, "the model is being opened again", Duration.ofSeconds(5));
      };
    }
  }

  /** An accepted encoding. */
  static final class EncodeJob extends Job<EncodeResult> {
    private final Pixels pixels;

    EncodeJob(Terms terms, Pixels pixels, CallListener<EncodeResult> listener) {
      super(terms, listener);
      this.pixels = pixels;
    }

    @Override
    String seed() {
      return "";
    }

    @Override
    void perform(Batch run) {
      long start = System.nanoTime();
      Latents latents = run.model().encoder().orElseThrow().encode(pixels, run.cancellation());
      requireFinite("latent", latents.values());
      result =
          new EncodeResult(
              latents, terms.supervisor().status(), queueNanos(), System.nanoTime() - start);
    }
  }
}
