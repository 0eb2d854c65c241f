package io.github.consistencydecoder.server.http;

import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The line that a request leaves in the log of the endpoint. The service itself logs every call
 * that reaches it; what it never saw because the endpoint refused it is logged here, and all the
 * rest at the level debug.
 */
final class RequestLog {
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
