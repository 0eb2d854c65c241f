package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.http.BodyRead.RestOfBody;
import io.github.consistencydecoder.server.request.ServiceException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingCallback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request and the one answer that it gets. Whoever comes first answers: the result, a refusal, a
 * time-out, or nobody because the client has left. Safe for use by several threads.
 */
final class Exchange {
  static final String REQUEST_ID = "x-request-id";
  static final JsonMapper JSON = JsonMapper.shared();

  private static final String OWN_ID = "[A-Za-z0-9._:-]{1,64}";

  /** An answer with a result. */
  record Answer(String type, Map<String, String> headers, byte[] body) {}

  private enum State {
    /** The request is being read and judged. */
    OPEN,
    /** The service has it. */
    WAITING,
    /** Somebody has answered, or nobody will. */
    OVER
  }

  private final Request request;
  private final Response response;
  private final Callback callback;
  private final String requestId;
  private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
  private final RequestLog log = new RequestLog();
  private volatile Runnable onGone = () -> {};
  private volatile ClientWatch watch;

  Exchange(Request request, Response response, Callback callback) {
    this.request = request;
    this.response = response;
    this.callback = callback;
    String given = request.getHeaders().get(REQUEST_ID);
    this.requestId = given != null && given.matches(OWN_ID) ? given : UUID.randomUUID().toString();
    request.addFailureListener(failure -> gone());
    // A decode may take longer than a connection may be idle; the service has limits of its own.
    request.addIdleTimeoutListener(timeout -> state.get() != State.WAITING);
  }

  Request request() {
    return request;
  }

  String requestId() {
    return requestId;
  }

  /** What the line in the log says beside the outcome. */
  RequestLog log() {
    return log;
  }

  /**
   * The service has the call; until it answers, the client's leaving is watched for.
   *
   * @param stop run if it leaves, or has left, perhaps twice; must do nothing to a finished call
   */
  void waiting(Runnable stop) {
    onGone = stop;
    if (!state.compareAndSet(State.OPEN, State.WAITING)) {
      stop.run();
      return;
    }
    ClientWatch begun = ClientWatch.of(request, this::gone);
    watch = begun;
    begun.begin();
    if (!isOpen()) {
      begun.end();
    }
  }

  private void gone() {
    if (over()) {
      log.write(requestId, 0);
      onGone.run();
      callback.failed(new EofException());
    }
  }

  private boolean over() {
    State before = state.getAndSet(State.OVER);
    ClientWatch begun = watch;
    if (begun != null) {
      begun.end();
    }
    return before != State.OVER;
  }

  /** Whether nobody has answered so far. */
  boolean isOpen() {
    return state.get() != State.OVER;
  }

  /** Text for people and probes. */
  void text(String type, String text) {
    answer(new Answer(type, Map.of(), text.getBytes(StandardCharsets.UTF_8)), () -> {});
  }

  /** An answer without a result. */
  void refuse(Refusal refusal) {
    refuse(refusal, () -> {});
  }

  /**
   * An answer without a result.
   *
   * @param after run once, whether or not the answer was ours to give
   */
  void refuse(Refusal refusal, Runnable after) {
    log.put("error", refusal.sentence());
    byte[] body = JSON.writeValueAsBytes(Map.of("error", refusal.sentence()));
    if (!over()) {
      after.run();
      return;
    }
    refusal
        .retryAfter()
        .ifPresent(
            wait ->
                response.getHeaders().put(HttpHeader.RETRY_AFTER, Long.toString(seconds(wait))));
    write(refusal.status(), new Answer("application/json", refusal.headers(), body), after);
  }

  private static long seconds(Duration wait) {
    return Math.max(1, (wait.toMillis() + 999) / 1000);
  }

  /** Our fault: the log has the cause, the answer an incident id. */
  void fail(Throwable cause) {
    refuse(Refusal.of(ServiceException.internal(cause)));
  }

  /**
   * The answer.
   *
   * @param after run once, when the body has been written or cannot be
   */
  void answer(Answer answer, Runnable after) {
    if (over()) {
      write(200, answer, after);
    } else {
      after.run();
    }
  }

  private void write(int status, Answer answer, Runnable after) {
    HttpFields.Mutable fields = response.getHeaders();
    answer.headers().forEach(fields::put);
    fields.put(HttpHeader.CONTENT_TYPE, answer.type());
    fields.put(HttpHeader.CONTENT_LENGTH, Integer.toString(answer.body().length));
    fields.put(HttpHeader.CACHE_CONTROL, "no-store");
    fields.put("x-content-type-options", "nosniff");
    fields.put(REQUEST_ID, requestId);
    response.setStatus(status);
    log.write(requestId, status);
    SlicedWrite.start(
        request,
        response,
        ByteBuffer.wrap(answer.body()),
        failure -> {
          after.run();
          if (failure == null) {
            RestOfBody.discard(request, callback);
          } else {
            callback.failed(failure);
          }
        });
  }

  /** Runs a task later, on a thread that must not be kept. */
  Scheduler.Task later(Runnable task, Duration delay) {
    return request
        .getComponents()
        .getScheduler()
        .schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * The line that a request leaves in the log of the endpoint. The service itself logs every call
   * that reaches it; what it never saw because the endpoint refused it is logged here, and all the
   * rest at the level debug.
   */
  static final class RequestLog {
    private static final Logger LOG =
        LoggerFactory.getLogger("io.github.consistencydecoder.server.requests.http");

    private final long start = System.nanoTime();
    private final Map<String, Object> fields = new LinkedHashMap<>();
    private boolean call;
    private boolean known;

    /** This request is a call of the service. */
    synchronized void call(String kind) {
      call = true;
      fields.put("kind", kind);
    }

    /** The service has seen this call and logs it. */
    synchronized void known() {
      known = true;
    }

    synchronized void put(String key, Object value) {
      fields.put(key, value);
    }

    /**
     * Writes the line.
     *
     * @param status 0 if nothing was answered
     */
    synchronized void write(String requestId, int status) {
      LoggingEventBuilder line = LOG.atLevel(call && !known ? Level.INFO : Level.DEBUG);
      line = line.addKeyValue("id", requestId).addKeyValue("status", status);
      for (Map.Entry<String, Object> field : fields.entrySet()) {
        line = line.addKeyValue(field.getKey(), field.getValue());
      }
      line.addKeyValue("total_ms", (System.nanoTime() - start) / 1_000_000).log("http");
    }
  }

  /**
   * Writes an answer in slices, because the JDK copies what it writes into direct memory of the
   * same size and keeps that for every thread. A client that takes its answer too slowly is cut
   * off, so that none can hold on to memory for ever.
   */
  static final class SlicedWrite extends IteratingCallback {
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
    static void start(
        Request request, Response response, ByteBuffer body, Consumer<Throwable> done) {
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
}
