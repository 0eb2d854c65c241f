package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.server.core.JobHandle;
import io.github.consistencydecoder.server.core.ServiceException;
import io.github.consistencydecoder.server.grpc.transport.BytesInFlight;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
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
}
