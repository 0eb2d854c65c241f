package io.github.consistencydecoder.server.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.QuietException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Reads a body into memory without keeping a thread: never more than its limit, and never for
 * longer than a slow but honest line needs. Memory grows with what has arrived, not with what was
 * announced.
 */
final class BodyRead implements Runnable {
  private static final int FIRST = 64 << 10;
  private static final long GRACE_MILLIS = 30_000;
  private static final long SLOWEST_BYTES_PER_MILLI = 64;

  /** Told once what became of it. */
  interface Reader {
    /** All of it. */
    void complete(ByteBuffer body);

    /** It could not be read; say so. */
    void refused(Refusal refusal);
  }

  private final Request request;
  private final int limit;
  private final Reader reader;
  private final AtomicBoolean over = new AtomicBoolean();
  private final Scheduler.Task timeout;
  private byte[] bytes;
  private int size;

  private BodyRead(Exchange exchange, int limit, Duration grace, Reader reader) {
    this.request = exchange.request();
    this.limit = limit;
    this.reader = reader;
    this.bytes = new byte[(int) Math.min(Math.max(expected(), 0), FIRST)];
    this.timeout =
        exchange.later(
            () -> refuse(Refusal.of(408, "the body comes too slowly or stopped before its end")),
            grace.plusMillis(limit / SLOWEST_BYTES_PER_MILLI));
  }

  /**
   * @param limit of the body, bytes
   * @param grace how long a body may take beside the time of its bytes
   */
  static void start(Exchange exchange, int limit, Duration grace, Reader reader) {
    new BodyRead(exchange, limit, grace, reader).run();
  }

  /** How long a body may take beside the time of its bytes, unless told otherwise. */
  static Duration usualGrace() {
    return Duration.ofMillis(GRACE_MILLIS);
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
}
