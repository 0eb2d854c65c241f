package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.core.ServiceException;
import java.time.Duration;
import java.util.Optional;

/**
 * An answer without a result.
 *
 * @param status of HTTP
 * @param sentence may leave this machine
 * @param retryAfter when to try again, if that is known
 */
record Refusal(int status, String sentence, Optional<Duration> retryAfter) {
  /** For what has no time after which it is gone. */
  static Refusal of(int status, String sentence) {
    return new Refusal(status, sentence, Optional.empty());
  }

  /** The service's own. */
  static Refusal of(ServiceException e) {
    String field = e.field().map(name -> name + ": ").orElse("");
    return new Refusal(status(e), field + e.getMessage(), e.retryAfter());
  }

  private static int status(ServiceException e) {
    return switch (e.error()) {
      case INVALID -> 400;
      case UNAUTHENTICATED -> 401;
      case FORBIDDEN -> 403;
      case NOT_FOUND -> 404;
      case TOO_LARGE -> 413;
      case BUSY -> 429;
      case INTERNAL -> 500;
      case UNIMPLEMENTED -> 501;
      // Nobody hears of a cancelled call unless the server itself stopped it.
      case NOT_READY, CANCELLED -> 503;
      case DEADLINE -> 504;
    };
  }
}
