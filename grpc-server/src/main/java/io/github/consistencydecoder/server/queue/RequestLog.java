package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.server.queue.Job.Outcome;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceException;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.spi.LoggingEventBuilder;

/** One line a call, as keys and values: never what a tensor holds. */
final class RequestLog {
  /** Name of the logger. */
  static final String NAME = "io.github.consistencydecoder.server.requests";

  private final Logger logger;

  RequestLog(Logger logger) {
    this.logger = logger;
  }

  /**
   * A call was refused.
   *
   * @param model that was meant, by its own name; empty if there is none
   */
  void rejected(
      CallSettings settings, Optional<String> model, DecodeSize size, ServiceException why) {
    // Not what the caller wrote: that may be anything.
    LoggingEventBuilder line =
        line(settings, model.orElse("?"), size).addKeyValue("outcome", "rejected");
    line.addKeyValue("error", why.error().name().toLowerCase(Locale.ROOT)).log(size.kind().id());
  }

  /** A call has ended. */
  void ended(Job<?> call, long totalNanos) {
    LoggingEventBuilder line =
        line(call.terms.settings(), call.terms.supervisor().name(), call.terms.size())
            .addKeyValue("outcome", call.outcome.id());
    if (call.outcome != Outcome.COMPLETED) {
      line =
          line.addKeyValue("error", call.ending().error().name().toLowerCase(Locale.ROOT))
              .addKeyValue("why", call.ending().getMessage());
    }
    if (!call.seed().isEmpty()) {
      line = line.addKeyValue("seed", call.seed());
    }
    line.addKeyValue("queue_ms", call.startedNanos == 0 ? "" : millis(call.queueNanos()))
        .addKeyValue("run_ms", millis(call.runNanos))
        .addKeyValue("predicted_ms", millis(call.predictedNanos()))
        .addKeyValue("total_ms", millis(totalNanos))
        .addKeyValue("batch", call.run == null ? 0 : call.run.members().size())
        .log(call.kind().id());
  }

  private LoggingEventBuilder line(CallSettings settings, String model, DecodeSize size) {
    return logger
        .atInfo()
        .addKeyValue("id", settings.requestId())
        .addKeyValue("model", model)
        .addKeyValue("kind", size.kind().id())
        .addKeyValue(
            "shape", "[" + size.batch() + ", 4, " + size.height() + ", " + size.width() + "]")
        .addKeyValue("steps", size.steps());
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.3f", nanos / 1e6);
  }
}
