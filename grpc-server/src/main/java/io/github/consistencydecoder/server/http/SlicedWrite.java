package io.github.consistencydecoder.server.http;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.IteratingCallback;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Writes an answer in slices, because the JDK copies what it writes into direct memory of the same
 * size and keeps that for every thread. A client that takes its answer too slowly is cut off, so
 * that none can hold on to memory for ever.
 */
final class SlicedWrite extends IteratingCallback {
  private static final int SLICE = 128 << 10;
  private static final long GRACE_MILLIS = 60_000;
  private static final long SLOWEST_BYTES_PER_MILLI = 64;

  private final Response response;
  private final ByteBuffer body;
  private final Consumer<Throwable> done;
  private Scheduler.Task timeout;
  private boolean lastWritten;

  private SlicedWrite(Response response, ByteBuffer body, Consumer<Throwable> done) {
    this.response = response;
    this.body = body;
    this.done = done;
  }

  /**
   * @param done told once, with null or what went wrong
   */
  static void start(Request request, Response response, ByteBuffer body, Consumer<Throwable> done) {
    SlicedWrite write = new SlicedWrite(response, body, done);
    if (body.remaining() > SLICE) {
      write.timeout =
          request
              .getComponents()
              .getScheduler()
              .schedule(
                  () -> write.abort(new TimeoutException("the answer is taken too slowly")),
                  GRACE_MILLIS + body.remaining() / SLOWEST_BYTES_PER_MILLI,
                  TimeUnit.MILLISECONDS);
    }
    write.iterate();
  }

  @Override
  protected Action process() {
    if (lastWritten) {
      return Action.SUCCEEDED;
    }
    int n = Math.min(SLICE, body.remaining());
    ByteBuffer slice = body.slice(body.position(), n);
    body.position(body.position() + n);
    lastWritten = !body.hasRemaining();
    response.write(lastWritten, slice, this);
    return Action.SCHEDULED;
  }

  @Override
  protected void onSuccess() {}

  @Override
  protected void onCompleted(Throwable failure) {
    if (timeout != null) {
      timeout.cancel();
    }
    done.accept(failure);
  }
}
