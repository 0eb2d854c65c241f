package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import java.time.Duration;
import java.util.OptionalLong;
import org.eclipse.jetty.server.Request;

/** What is checked of every call before its body is read. */
final class Admission {
  private static final Duration SOON = Duration.ofSeconds(1);

  private Admission() {}

  /**
   * Room for a body.
   *
   * @param limit of the body, bytes
   * @throws ServiceException {@code TOO_LARGE}, {@code BUSY}
   */
  static ByteBudget.Lease room(Request request, int limit, ByteBudget budget)
      throws ServiceException {
    long announced = request.getLength();
    if (announced > limit) {
      throw ServiceException.of(
          ServiceError.TOO_LARGE,
          "a body of " + announced + " bytes is larger than the limit of " + limit);
    }
    return budget
        .take(announced >= 0 ? announced : limit)
        .orElseThrow(
            () ->
                ServiceException.retry(
                    ServiceError.BUSY,
                    "too much is being received at the moment, try again soon",
                    SOON));
  }

  /** Settings of a call; the ordinary priority. */
  static CallSettings settings(Exchange exchange, String model, long timeoutNanos) {
    return new CallSettings(
        exchange.requestId(),
        model,
        timeoutNanos == 0
            ? OptionalLong.empty()
            : OptionalLong.of(System.nanoTime() + timeoutNanos),
        Priority.NORMAL);
  }
}
