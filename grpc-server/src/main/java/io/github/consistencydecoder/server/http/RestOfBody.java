package io.github.consistencydecoder.server.http;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Reads and forgets what is left of a body whose request has been refused. Without that the
 * connection would be reset under a client that is still sending, and most clients then report the
 * reset and not the answer. Ends after a moment and a bound, whatever the client does.
 */
final class RestOfBody implements Runnable {
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
