package io.github.consistencydecoder.server.grpc;

import com.google.protobuf.MessageLite;
import io.github.consistencydecoder.proto.v1.Accepted;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.StepFinished;
import io.github.consistencydecoder.proto.v1.StepStarted;
import io.github.consistencydecoder.server.grpc.DecodeAnswers.PictureParts;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.DecodeCall;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Ties a call on the wire to its work: the caller's leaving cancels the work, answers are made on
 * the endpoint's own threads, and the call's room is free when both are over.
 *
 * @param <R> what the core gives
 * @param <A> what goes out
 */
abstract class CallLifecycle<R, A> implements CallListener<R> {
  /** Hands the call to the core. */
  interface Submission<R> {
    JobHandle submit(CallListener<R> listener) throws ServiceException;
  }

  /** Makes an answer. */
  interface Maker<R, A> {
    A make(R result) throws Exception;
  }

  /** Something that may be refused. */
  interface Beginning {
    void begin() throws Exception;
  }

  private static final long CLOCKS_MILLIS = 20;

  final ServerCallStreamObserver<A> observer;
  final GrpcContext context;
  private final ByteBudget.Share share;
  private final Runnable reset = Requests.reset();
  private final Deadline deadline = Context.current().getDeadline();
  private JobHandle job;
  private boolean gone;
  private boolean closed;
  private boolean settled;
  private Future<?> watch = CompletableFuture.completedFuture(null);

  /**
   * Must be made while the method runs that has been called.
   *
   * @param bytes that the result and its answer will hold
   * @throws ServiceException if there is no room for them
   */
  private CallLifecycle(GrpcContext context, StreamObserver<A> observer, long bytes)
      throws ServiceException {
    this.context = context;
    this.observer = (ServerCallStreamObserver<A>) observer;
    this.share = context.room(bytes);
    this.observer.setOnCancelHandler(this::left);
    this.observer.setOnCloseHandler(this::closed);
  }

  /**
   * Begins a call with one answer.
   *
   * @param bytes that the result and its answer will hold
   * @throws ServiceException if the core refuses it
   */
  static <R, A extends MessageLite> void unary(
      GrpcContext context,
      StreamObserver<A> observer,
      long bytes,
      Submission<R> submission,
      Maker<R, A> maker)
      throws ServiceException {
    new UnaryAnswer<>(context, observer, bytes, maker).submit(submission);
  }

  /**
   * Begins a decode that tells of its progress.
   *
   * @throws ServiceException if the core refuses it
   */
  static void stream(
      GrpcContext context,
      StreamObserver<DecodeStreamResponse> observer,
      DecodeCall<PictureFormat> input)
      throws ServiceException {
    StreamAnswer answer = new StreamAnswer(context, observer, input);
    answer.submit(listener -> context.service().decode(input, listener));
  }

  /** Answers a question at once. */
  static <A> void answer(StreamObserver<A> observer, Callable<A> maker) {
    begin(
        observer,
        () -> {
          observer.onNext(maker.call());
          observer.onCompleted();
        });
  }

  /** Begins a call; what refuses it becomes its status. */
  static void begin(StreamObserver<?> observer, Beginning beginning) {
    try {
      beginning.begin();
    } catch (Exception e) {
      observer.onError(Statuses.of(e));
    }
  }

  final void submit(Submission<R> submission) throws ServiceException {
    JobHandle given;
    try {
      given = submission.submit(this);
    } catch (ServiceException | RuntimeException e) {
      share.release();
      throw e;
    }
    boolean late;
    synchronized (this) {
      job = settled ? null : given;
      late = gone;
    }
    if (late) {
      given.cancel();
    }
  }

  /** What else is to be done when the caller leaves. */
  void callerLeft() {}

  private void left() {
    callerLeft();
    closed();
    // At the deadline the core stops the work by itself and counts it as expired. The caller's
    // clock started a little earlier than ours.
    if (deadline != null && deadline.timeRemaining(TimeUnit.MILLISECONDS) < CLOCKS_MILLIS) {
      return;
    }
    JobHandle given;
    synchronized (this) {
      gone = true;
      given = job;
    }
    if (given != null) {
      given.cancel();
    }
  }

  private synchronized void closed() {
    closed = true;
    watch.cancel(false);
    free();
  }

  /**
   * The core has nothing more to say, and all is with the transport. A caller who does not read it
   * is cut off.
   *
   * @param bytes of what the transport may still hold
   */
  final synchronized void settled(long bytes) {
    settled = true;
    // It leads to the result.
    job = null;
    if (!closed) {
      watch = context.patience().run(this::cutOff, bytes);
    }
    free();
  }

  private synchronized void cutOff() {
    if (!closed) {
      reset.run();
    }
  }

  private void free() {
    if (closed && settled) {
      share.release();
    }
  }

  /** One call with one answer. */
  private static final class UnaryAnswer<R, A extends MessageLite> extends CallLifecycle<R, A> {
    private final Maker<R, A> maker;

    UnaryAnswer(GrpcContext context, StreamObserver<A> observer, long bytes, Maker<R, A> maker)
        throws ServiceException {
      super(context, observer, bytes);
      this.maker = maker;
    }

    @Override
    public void completed(R result) {
      context
          .executor()
          .execute(
              () -> {
                try {
                  A message = maker.make(result);
                  observer.onNext(message);
                  observer.onCompleted();
                  settled(message.getSerializedSize());
                } catch (Exception | Error e) {
                  fail(e);
                }
              });
    }

    @Override
    public void failed(ServiceException cause) {
      fail(cause);
    }

    private void fail(Throwable cause) {
      observer.onError(Statuses.of(cause));
      settled(0);
    }
  }

  /**
   * One decode that tells of its progress. A part is made and written only when the transport has
   * room, so that a slow reader costs one part and not a picture; one that reads nothing for a
   * while is given up.
   */
  private static final class StreamAnswer
      extends CallLifecycle<DecodeResult, DecodeStreamResponse> {
    private final DecodeCall<PictureFormat> input;
    private DecodeResult result;
    private PictureParts parts;
    private boolean over;
    private long written;
    private Future<?> progress = CompletableFuture.completedFuture(null);

    StreamAnswer(
        GrpcContext context,
        StreamObserver<DecodeStreamResponse> observer,
        DecodeCall<PictureFormat> input)
        throws ServiceException {
      super(context, observer, DecodeAnswers.bytes(input.size(), input.request().output(), false));
      this.input = input;
      this.observer.setOnReadyHandler(this::pump);
    }

    @Override
    public void accepted(int ahead, long nanos) {
      tell(
          DecodeStreamResponse.newBuilder()
              .setAccepted(
                  Accepted.newBuilder()
                      .setRequestId(input.settings().requestId())
                      .setPredictedNanos(nanos)
                      .setAhead(ahead)));
    }

    @Override
    public void stepStarted(int step, int steps, int timestep) {
      tell(
          DecodeStreamResponse.newBuilder()
              .setStepStarted(
                  StepStarted.newBuilder().setStep(step).setSteps(steps).setTimestep(timestep)));
    }

    @Override
    public void stepFinished(int step, int steps, long nanos) {
      tell(
          DecodeStreamResponse.newBuilder()
              .setStepFinished(
                  StepFinished.newBuilder().setStep(step).setSteps(steps).setNanos(nanos)));
    }

    /** Small and bounded in number by the schedule: written at once. */
    private synchronized void tell(DecodeStreamResponse.Builder event) {
      if (!over) {
        observer.onNext(event.build());
      }
    }

    @Override
    public void completed(DecodeResult decoded) {
      context.executor().execute(() -> begin(decoded));
    }

    private synchronized void begin(DecodeResult decoded) {
      if (observer.isCancelled()) {
        settle();
        return;
      }
      try {
        result = decoded;
        parts = new PictureParts(decoded.decoded().pixels(), input.request().output());
        observer.onNext(DecodeStreamResponse.newBuilder().setHeader(parts.header()).build());
      } catch (RuntimeException | Error e) {
        fail(e);
        return;
      }
      watch(written);
      pump();
    }

    private synchronized void pump() {
      if (over || parts == null) {
        return;
      }
      try {
        while (observer.isReady() && parts.hasNext()) {
          observer.onNext(DecodeStreamResponse.newBuilder().setPart(parts.next()).build());
          written++;
        }
        if (!parts.hasNext()) {
          observer.onNext(
              DecodeStreamResponse.newBuilder()
                  .setDone(DecodeAnswers.report(input, result))
                  .build());
          observer.onCompleted();
          settle();
        }
      } catch (RuntimeException | Error e) {
        fail(e);
      }
    }

    /** While the decode is under way, the core has the last word; after that, we have. */
    @Override
    synchronized void callerLeft() {
      if (!over && parts != null) {
        settle();
      }
    }

    private void watch(long before) {
      progress = context.patience().run(() -> look(before), 0);
    }

    private synchronized void look(long before) {
      if (over) {
        return;
      }
      if (written == before) {
        fail(ServiceException.of(ServiceError.DEADLINE, "the answer is not being read"));
      } else {
        watch(written);
      }
    }

    @Override
    public synchronized void failed(ServiceException cause) {
      if (!over) {
        fail(cause);
      }
    }

    private void fail(Throwable cause) {
      observer.onError(Statuses.of(cause));
      settle();
    }

    private void settle() {
      over = true;
      progress.cancel(false);
      parts = null;
      result = null;
      settled(PictureParts.MOST);
    }
  }
}
