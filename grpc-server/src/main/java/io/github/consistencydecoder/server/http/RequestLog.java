package io.github.consistencydecoder.server.http;

import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The line that a decode or an encoding leaves in the log: what was asked, the outcome and the
 * times; never a value of a tensor. Other requests are logged at the level debug.
 */
final class RequestLog {
  private static final Logger LOG = LoggerFactory.getLogger("consistencydecoder.http");

  private final long start = System.nanoTime();
  private final Map<String, Object> fields = new LinkedHashMap<>();
  private boolean call;

  /** This request is a call of the service. */
  synchronized void call(String kind) {
    call = true;
    fields.put("call", kind);
  }

  synchronized void put(String key, Object value) {
    fields.put(key, value);
  }

  /**
   * Writes the line.
   *
   * @param status 0 if nothing was answered
   */
  synchronized void write(String requestId, int status, String why) {
    LoggingEventBuilder line = LOG.atLevel(call ? Level.INFO : Level.DEBUG);
    line = line.addKeyValue("request", requestId).addKeyValue("status", status);
    for (Map.Entry<String, Object> field : fields.entrySet()) {
      line = line.addKeyValue(field.getKey(), field.getValue());
    }
    line.addKeyValue("ms", (System.nanoTime() - start) / 1_000_000)
        .log(why.isEmpty() ? "answered" : why);
  }
}
