package io.github.consistencydecoder.server.grpc;

import com.google.protobuf.MessageLite;
import io.github.consistencydecoder.server.grpc.CallEnd.ReadTimeout;
import io.github.consistencydecoder.server.grpc.transport.BytesInFlight;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executor;

/**
 * One call with one answer. Cancels the work when the caller goes; makes the answer on the
 * endpoint's own threads, for lanes have better to do.
 *
 * @param <R> what the core gives
 * @param <A> what goes out
 */
final class UnaryAnswer<R, A extends MessageLite> implements CallListener<R> {
  /** Makes an answer. */
  interface Maker<R, A> {
    A make(R result) throws Exception;
  }

  /** Hands the call to the core. */
  interface Submission<R> {
    JobHandle submit(CallListener<R> listener) throws ServiceException;
  }

  private final ServerCallStreamObserver<A> observer;
  private final Executor executor;
  private final Maker<R, A> maker;
  private final CallEnd end;

  private UnaryAnswer(
      ServerCallStreamObserver<A> observer, Executor executor, Maker<R, A> maker, CallEnd end) {
    this.observer = observer;
    this.executor = executor;
    this.maker = maker;
    this.end = end;
  }

  /**
   * Begins a call.
   *
   * @param share given back when both the work and the call are over
   * @param patience with a caller who does not read the answer
   * @throws ServiceException if the core refuses it
   */
  static <R, A extends MessageLite> void start(
      StreamObserver<A> observer,
      Executor executor,
      BytesInFlight.Share share,
      ReadTimeout patience,
      Submission<R> submission,
      Maker<R, A> maker)
      throws ServiceException {
    ServerCallStreamObserver<A> call = (ServerCallStreamObserver<A>) observer;
    CallEnd end = CallEnd.of(call, share, () -> {}, patience);
    UnaryAnswer<R, A> answer = new UnaryAnswer<>(call, executor, maker, end);
    end.submit(() -> submission.submit(answer));
  }

  @Override
  public void completed(R result) {
    executor.execute(
        () -> {
          try {
            A message = maker.make(result);
            observer.onNext(message);
            observer.onCompleted();
            end.settled(message.getSerializedSize());
          } catch (Exception | Error e) {
            observer.onError(Statuses.of(e));
            end.settled(0);
          }
        });
  }

  @Override
  public void failed(ServiceException cause) {
    observer.onError(Statuses.of(cause));
    end.settled(0);
  }
}
