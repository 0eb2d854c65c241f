package io.github.consistencydecoder.models.store.download;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A response's body as it comes, for one reading thread. Unlike the client's own input stream it
 * can be waited for with a time limit and does not swallow interrupts.
 */
final class BodyQueue implements BodySubscriber<BodyQueue>, AutoCloseable {
  /** How many pieces (of some 16 kB) may wait; more only costs memory. */
  private static final long AHEAD = 16;

  private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
  private Flow.Subscription subscription;
  private boolean closed;

  /** Some bytes, or the end with or without an error. */
  private record Piece(List<ByteBuffer> bytes, Throwable error) {}

  /**
   * The next bytes.
   *
   * @param nanos how long to wait for them
   * @return empty if none came in time; an empty list at the end
   * @throws IOException if the body breaks off
   */
  Optional<List<ByteBuffer>> take(long nanos) throws IOException, InterruptedException {
    Piece piece = pieces.poll(Math.max(nanos, 0), TimeUnit.NANOSECONDS);
    if (piece == null) {
      return Optional.empty();
    }
    if (piece.error != null) {
      throw new IOException(
          Optional.ofNullable(piece.error.getMessage()).orElse(piece.error.toString()),
          piece.error);
    }
    requestOneMore();
    return Optional.of(piece.bytes);
  }

  private synchronized void requestOneMore() {
    subscription.request(1);
  }

  @Override
  public CompletionStage<BodyQueue> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public synchronized void onSubscribe(Flow.Subscription given) {
    requireNonNull(given, "given");
    if (subscription != null || closed) {
      given.cancel();
      return;
    }
    subscription = given;
    given.request(AHEAD);
  }

  @Override
  public void onNext(List<ByteBuffer> bytes) {
    if (bytes.stream().anyMatch(ByteBuffer::hasRemaining)) {
      pieces.add(new Piece(bytes, null));
    } else {
      // An empty list means the end to the reader.
      requestOneMore();
    }
  }

  @Override
  public void onError(Throwable error) {
    pieces.add(new Piece(List.of(), requireNonNull(error, "error")));
  }

  @Override
  public void onComplete() {
    pieces.add(new Piece(List.of(), null));
  }

  /** Ends the transfer, whatever is left of it. */
  @Override
  public synchronized void close() {
    closed = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }
}
