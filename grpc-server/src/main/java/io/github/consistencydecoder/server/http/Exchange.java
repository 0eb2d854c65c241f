package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.request.ServiceException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request and the one answer that it gets. Whoever comes first answers: the result, a refusal, a
 * time-out, or nobody because the client has left. Safe for use by several threads.
 */
final class Exchange {
  static final String REQUEST_ID = "x-request-id";
  static final JsonMapper JSON = JsonMapper.shared();

  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
  private static final String OWN_ID = "[A-Za-z0-9._:-]{1,64}";

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
  void text(int status, String type, String text) {
    answer(status, type, Map.of(), text.getBytes(StandardCharsets.UTF_8), () -> {});
  }

  /** A JSON document. */
  void json(int status, Map<String, ?> document) {
    answer(status, "application/json", Map.of(), JSON.writeValueAsBytes(document), () -> {});
  }

  /** An answer without a result. */
  void refuse(Refusal refusal) {
    refuse(refusal, Map.of(), () -> {});
  }

  /** An answer without a result. */
  void refuse(ServiceException e) {
    refuse(Refusal.of(e));
  }

  /**
   * An answer without a result.
   *
   * @param after run once, whether or not the answer was ours to give
   */
  void refuse(Refusal refusal, Map<String, String> headers, Runnable after) {
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
    write(refusal.status(), "application/json", headers, body, after);
  }

  private static long seconds(Duration wait) {
    return Math.max(1, (wait.toMillis() + 999) / 1000);
  }

  /** Our fault: the log has the cause, the answer an incident id. */
  void fail(Throwable cause) {
    String incident = UUID.randomUUID().toString();
    LOG.error("incident {} in request {}", incident, requestId, cause);

    refuse(Refusal.of(500, "internal error, incident " + incident));
  }

  /**
   * The answer.
   *
   * @param after run once, when the body has been written or cannot be
   */
  void answer(int status, String type, Map<String, String> headers, byte[] body, Runnable after) {
    if (over()) {
      write(status, type, headers, body, after);
    } else {
      after.run();
    }
  }

  private void write(
      int status, String type, Map<String, String> headers, byte[] body, Runnable after) {
    HttpFields.Mutable fields = response.getHeaders();
    headers.forEach(fields::put);
    fields.put(HttpHeader.CONTENT_TYPE, type);
    fields.put(HttpHeader.CONTENT_LENGTH, Integer.toString(body.length));
    fields.put(HttpHeader.CACHE_CONTROL, "no-store");
    fields.put("x-content-type-options", "nosniff");
    fields.put(REQUEST_ID, requestId);
    response.setStatus(status);
    log.write(requestId, status);
    SlicedWrite.start(
        request,
        response,
        ByteBuffer.wrap(body),
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
}
