package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.server.grpc.transport.BytesInFlight;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Ties a call on the wire to its work: the caller's leaving cancels the work, and the call's room
 * is free when both are over.
 */
final class CallEnd {
  /** Hands the call to the core. */
  interface Submission {
    JobHandle submit() throws ServiceException;
  }

  private static final long CLOCKS_MILLIS = 20;

  private final BytesInFlight.Share share;
  private final Runnable leaving;
  private final ReadTimeout patience;
  private final Runnable reset = Requests.reset();
  private final Deadline deadline;
  private JobHandle ticket;
  private boolean gone;
  private boolean closed;
  private boolean settled;
  private Future<?> watch = CompletableFuture.completedFuture(null);

  private CallEnd(
      BytesInFlight.Share share, Runnable leaving, ReadTimeout patience, Deadline deadline) {
    this.share = share;
    this.leaving = leaving;
    this.patience = patience;
    this.deadline = deadline;
  }

  /**
   * Must be made while the method runs that has been called.
   *
   * @param share given back at the end
   * @param leaving what else is to be done when the caller leaves
   * @param patience with a caller who does not read the answer
   */
  static CallEnd of(
      ServerCallStreamObserver<?> call,
      BytesInFlight.Share share,
      Runnable leaving,
      ReadTimeout patience) {
    CallEnd end = new CallEnd(share, leaving, patience, Context.current().getDeadline());
    call.setOnCancelHandler(end::left);
    call.setOnCloseHandler(end::closed);
    return end;
  }

  void submit(Submission submission) throws ServiceException {
    JobHandle given;
    try {
      given = submission.submit();
    } catch (ServiceException | RuntimeException e) {
      share.release();
      throw e;
    }
    boolean late;
    synchronized (this) {
      ticket = settled ? null : given;
      late = gone;
    }
    if (late) {
      given.cancel();
    }
  }

  private void left() {
    leaving.run();
    closed();
    // At the deadline the core stops the work by itself and counts it as expired. The caller's
    // clock started a little earlier than ours.
    if (deadline != null && deadline.timeRemaining(TimeUnit.MILLISECONDS) < CLOCKS_MILLIS) {
      return;
    }
    JobHandle given;
    synchronized (this) {
      gone = true;
      given = ticket;
    }
    if (given != null) {
      given.cancel();
    }
  }

  private void closed() {
    synchronized (this) {
      closed = true;
      watch.cancel(false);
    }
    free();
  }

  /**
   * The core has nothing more to say, and all is with the transport. A caller who does not read it
   * is cut off.
   *
   * @param bytes of what the transport may still hold
   */
  void settled(long bytes) {
    synchronized (this) {
      settled = true;
      // It leads to the result.
      ticket = null;
      if (!closed) {
        watch = patience.run(this::cutOff, bytes);
      }
    }
    free();
  }

  private void cutOff() {
    boolean late;
    synchronized (this) {
      late = !closed;
    }
    if (late) {
      reset.run();
    }
  }

  private void free() {
    boolean over;
    synchronized (this) {
      over = closed && settled;
    }
    if (over) {
      share.release();
    }
  }

  /** How long a caller may take to read an answer. */
  static final class ReadTimeout {

    private final ScheduledExecutorService timer;
    private final Duration patience;
    private final long bytesPerSecond;

    /**
     * @param bytesPerSecond slower than this nobody reads on purpose
     */
    ReadTimeout(ScheduledExecutorService timer, Duration patience, long bytesPerSecond) {
      this.timer = timer;
      this.patience = patience;
      this.bytesPerSecond = bytesPerSecond;
    }

    /**
     * Does something when patience is at its end.
     *
     * @param bytes that are under way
     * @return to be cancelled when there is nothing left to wait for: it holds on to the task
     */
    Future<?> run(Runnable task, long bytes) {
      try {
        return timer.schedule(
            task, patience.toMillis() + 1000 * bytes / bytesPerSecond, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        // The endpoint is closing and cuts everybody off.
        return CompletableFuture.completedFuture(null);
      }
    }
  }
}
