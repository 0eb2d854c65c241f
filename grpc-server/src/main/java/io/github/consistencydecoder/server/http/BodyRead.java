package io.github.consistencydecoder.server.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.QuietException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Reads a body into memory without keeping a thread: never more than its limit, and never for
 * longer than a slow but honest line needs. Memory grows with what has arrived, not with what was
 * announced.
 */
final class BodyRead implements Runnable {
  private static final int FIRST = 64 << 10;
  private static final long SLOWEST_BYTES_PER_MILLI = 64;

  private final Request request;
  private final int limit;
  private final BodyCall<?> reader;
  private final AtomicBoolean over = new AtomicBoolean();
  private final Scheduler.Task timeout;
  private byte[] bytes;
  private int size;

  private BodyRead(BodyCall<?> reader, int limit, Duration grace) {
    this.request = reader.exchange.request();
    this.limit = limit;
    this.reader = reader;
    this.bytes = new byte[(int) Math.min(Math.max(expected(), 0), FIRST)];
    this.timeout =
        reader.exchange.later(
            () -> refuse(Refusal.of(408, "the body comes too slowly or stopped before its end")),
            grace.plusMillis(limit / SLOWEST_BYTES_PER_MILLI));
  }

  /**
   * @param reader told once what became of the body
   * @param limit of the body, bytes
   * @param grace how long a body may take beside the time of its bytes
   */
  static void start(BodyCall<?> reader, int limit, Duration grace) {
    new BodyRead(reader, limit, grace).run();
  }

  private long expected() {
    return request.getLength();
  }

  @Override
  public void run() {
    while (!over.get()) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        request.demand(this);
        return;
      }
      if (Content.Chunk.isFailure(chunk)) {
        refuse(refusal(chunk.getFailure()));
        return;
      }
      boolean fits = append(chunk.getByteBuffer());
      boolean last = chunk.isLast();
      chunk.release();
      if (!fits) {
        refuse(Refusal.of(413, "the body is larger than the limit of " + limit + " bytes"));
        return;
      }
      if (last) {
        complete();
        return;
      }
    }
  }

  private boolean append(ByteBuffer from) {
    int more = from.remaining();
    if (more > limit - size) {
      return false;
    }
    if (size + more > bytes.length) {
      long most = expected() >= 0 ? Math.min(expected(), limit) : limit;
      long grown = Math.min(Math.max(2L * bytes.length, FIRST), Math.max(most, size + more));
      bytes = Arrays.copyOf(bytes, (int) Math.max(grown, size + more));
    }
    from.get(bytes, size, more);
    size += more;
    return true;
  }

  private void complete() {
    if (over.compareAndSet(false, true)) {
      timeout.cancel();
      reader.complete(ByteBuffer.wrap(bytes, 0, size).slice());
    }
  }

  private void refuse(Refusal refusal) {
    if (over.compareAndSet(false, true)) {
      timeout.cancel();
      reader.refused(refusal);
    }
  }

  private static Refusal refusal(Throwable failure) {
    if (failure instanceof TimeoutException) {
      return Refusal.of(408, "the body comes too slowly or stopped before its end");
    }
    if (failure instanceof HttpException || failure instanceof QuietException) {
      return Refusal.of(400, "the body is not complete or not well-formed");
    }
    return Refusal.of(400, "the body cannot be read to its end");
  }

  /**
   * Reads and forgets what is left of a body whose request has been refused. Without that the
   * connection would be reset under a client that is still sending, and most clients then report
   * the reset and not the answer. Ends after a moment and a bound, whatever the client does.
   */
  static final class RestOfBody implements Runnable {
    private static final long MOST_BYTES = 64L << 20;
    private static final long LONGEST_MILLIS = 5_000;

    private final Request request;
    private final Callback callback;
    private final AtomicBoolean over = new AtomicBoolean();
    private Scheduler.Task timeout;
    private long discarded;

    private RestOfBody(Request request, Callback callback) {
      this.request = request;
      this.callback = callback;
    }

    /**
     * @param callback of the request; completed when this ends
     */
    static void discard(Request request, Callback callback) {
      if (request.getHeaders().contains(HttpHeader.EXPECT)) {
        // It waits for our word before it sends anything.
        callback.succeeded();
        return;
      }
      RestOfBody rest = new RestOfBody(request, callback);
      rest.run();
    }

    @Override
    public void run() {
      while (true) {
        Content.Chunk chunk = request.read();
        if (chunk == null) {
          if (timeout == null) {
            timeout =
                request
                    .getComponents()
                    .getScheduler()
                    .schedule(this::end, LONGEST_MILLIS, TimeUnit.MILLISECONDS);
          }
          request.demand(this);
          return;
        }
        discarded += chunk.remaining();
        boolean last = chunk.isLast() || Content.Chunk.isFailure(chunk);
        chunk.release();
        if (last || discarded > MOST_BYTES) {
          end();
          return;
        }
      }
    }

    private void end() {
      if (over.compareAndSet(false, true)) {
        if (timeout != null) {
          timeout.cancel();
        }
        callback.succeeded();
      }
    }
  }
}
