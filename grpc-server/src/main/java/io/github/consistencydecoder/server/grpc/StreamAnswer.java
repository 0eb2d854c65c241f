package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.proto.v1.Accepted;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.StepFinished;
import io.github.consistencydecoder.proto.v1.StepStarted;
import io.github.consistencydecoder.server.grpc.CallEnd.ReadTimeout;
import io.github.consistencydecoder.server.grpc.DecodeAnswers.PictureParts;
import io.github.consistencydecoder.server.grpc.transport.BytesInFlight;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;

/**
 * One decode that tells of its progress. A part is made and written only when the transport has
 * room, so that a slow reader costs one part and not a picture; one that reads nothing for a while
 * is given up.
 */
final class StreamAnswer implements CallListener<DecodeResult> {
  private final DecodeInput input;
  private final ServerCallStreamObserver<DecodeStreamResponse> observer;
  private final Executor executor;
  private final ReadTimeout patience;
  private CallEnd end;
  private DecodeResult result;
  private PictureParts parts;
  private boolean over;
  private long written;
  private Future<?> watch = CompletableFuture.completedFuture(null);

  StreamAnswer(
      DecodeInput input,
      ServerCallStreamObserver<DecodeStreamResponse> observer,
      Executor executor,
      ReadTimeout patience) {
    this.input = input;
    this.observer = observer;
    this.executor = executor;

    this.patience = patience;
  }

  void start(DecodeService service, BytesInFlight.Share share) throws ServiceException {
    end = CallEnd.of(observer, share, this::gone, patience);
    observer.setOnReadyHandler(this::pump);
    end.submit(() -> service.decode(input.settings(), input.latents(), input.options(), this));
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
    executor.execute(() -> begin(decoded));
  }

  private synchronized void begin(DecodeResult decoded) {
    if (observer.isCancelled()) {
      settle();
      return;
    }
    try {
      result = decoded;
      parts = new PictureParts(decoded.decoded().pixels(), input.format());
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
        finish();
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  /** While the decode is under way, the core has the last word; after that, we have. */
  private synchronized void gone() {
    if (!over && parts != null) {
      settle();
    }
  }

  private void finish() {
    observer.onNext(
        DecodeStreamResponse.newBuilder().setDone(DecodeAnswers.report(input, result)).build());
    observer.onCompleted();
    settle();
  }

  private void watch(long before) {
    watch = patience.run(() -> look(before), 0);
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
    watch.cancel(false);
    parts = null;
    result = null;
    end.settled(PictureParts.MOST);
  }
}
