package io.github.consistencydecoder.client;

import io.github.consistencydecoder.client.Failures.StatusDetails;
import io.github.consistencydecoder.client.RemoteModel.CallKind;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderException;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a call up to four times: again if the server went away, was not ready or was too busy, at
 * the time that the server asks for or else after a growing pause. A call that broke in the middle
 * is made again as a whole, for the same request gives the same bytes; gRPC's own retries end with
 * the first message. Never after a cancellation or the deadline.
 */
final class Attempts {
  static final int MOST = 4;

  private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final int GROWTH = 3;
  private static final double JITTER = 0.2;

  private final Failures failures;
  private final Runnable beforeRetry;

  /**
   * @param beforeRetry done before each further attempt
   */
  Attempts(Failures failures, Runnable beforeRetry) {
    this.failures = failures;
    this.beforeRetry = beforeRetry;
  }

  /**
   * Makes a call on the calling thread.
   *
   * @param deadline of all attempts together
   * @param attempt makes the call once; the context ends when the call has to stop, and with the
   *     attempt
   * @throws DecoderException if the last attempt failed
   */
  <T> T make(
      CallKind kind, Deadline deadline, Cancellation cancellation, Function<Context, T> attempt) {
    for (int tried = 1; ; tried++) {
      checkCancelled(kind, cancellation, null);
      Context.CancellableContext context = Context.current().withCancellation();
      Cancellation.Registration registration = cancellation.onCancel(() -> context.cancel(null));
      try {
        return attempt.apply(context);
      } catch (StatusRuntimeException e) {
        checkCancelled(kind, cancellation, e);
        OptionalLong pause = pause(tried, e, deadline);
        if (pause.isEmpty()) {
          throw failures.of(kind, e);
        }
        LOG.debug("attempt {} of {} failed: {}", tried, kind.noun(), e.getMessage());
        sleep(kind, pause.getAsLong(), cancellation, e);
        beforeRetry.run();
      } finally {
        registration.close();
        context.cancel(null);
      }
    }
  }

  /** The caller may have thrown the switch, interrupted the thread or left its own context. */
  private static void checkCancelled(CallKind kind, Cancellation cancellation, Throwable cause) {
    if (cancellation.isCancelled()
        || Thread.currentThread().isInterrupted()
        || Context.current().isCancelled()) {
      throw Failures.cancelled(kind, cause);
    }
  }

  /** Milliseconds until the next attempt; empty if there is none. */
  private static OptionalLong pause(int tried, StatusRuntimeException e, Deadline deadline) {
    if (tried == MOST || !mayHelp(e.getStatus().getCode())) {
      return OptionalLong.empty();
    }
    OptionalLong pushback = StatusDetails.of(e).pushback();
    long pause = pushback.orElseGet(() -> backoff(tried));
    boolean possible = pause >= 0 && pause < deadline.timeRemaining(TimeUnit.MILLISECONDS);
    return possible ? OptionalLong.of(pause) : OptionalLong.empty();
  }

  /** A server that is stopped breaks its calls off with CANCELLED; we did not cancel this one. */
  private static boolean mayHelp(Status.Code code) {
    return code == Status.Code.UNAVAILABLE
        || code == Status.Code.RESOURCE_EXHAUSTED
        || code == Status.Code.CANCELLED;
  }

  private static long backoff(int tried) {
    double pause = FIRST_PAUSE_MILLIS * Math.pow(GROWTH, tried - 1);
    return Math.round(pause * (1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1)));
  }

  private static void sleep(
      CallKind kind, long millis, Cancellation cancellation, Throwable cause) {
    CountDownLatch cancelled = new CountDownLatch(1);
    Cancellation.Registration registration = cancellation.onCancel(cancelled::countDown);
    try {
      boolean stop = cancelled.await(millis, TimeUnit.MILLISECONDS);
      if (stop) {
        throw Failures.cancelled(kind, cause);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Failures.cancelled(kind, cause);
    } finally {
      registration.close();
    }
  }
}
