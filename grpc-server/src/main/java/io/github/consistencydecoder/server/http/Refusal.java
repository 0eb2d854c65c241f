package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * An answer without a result.
 *
 * @param status of HTTP
 * @param sentence may leave this machine
 * @param retryAfter when to try again, if that is known
 * @param headers of the answer
 */
record Refusal(
    int status, String sentence, Optional<Duration> retryAfter, Map<String, String> headers) {
  /** For what has no time after which it is gone. */
  static Refusal of(int status, String sentence) {
    return new Refusal(status, sentence, Optional.empty(), Map.of());
  }

  /** The service's own. */
  static Refusal of(ServiceException e) {
    String field = e.field().map(name -> name + ": ").orElse("");
    Map<String, String> headers =
        e.error() == ServiceError.UNAUTHENTICATED
            ? Map.of(HttpHeader.WWW_AUTHENTICATE.asString(), "Bearer")
            : Map.of();
    return new Refusal(status(e), field + e.getMessage(), e.retryAfter(), headers);
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

  /**
   * What Jetty itself refuses is answered in the form of all errors here, and without its words.
   */
  static final class JettyErrors implements Request.Handler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      Throwable cause = (Throwable) request.getAttribute(ErrorHandler.ERROR_EXCEPTION);
      if (cause instanceof EofException) {
        // The client has left; there is nobody to tell.
        callback.failed(cause);
        return true;
      }
      int status = cause instanceof HttpException http ? http.getCode() : response.getStatus();
      if (status < 400) {
        status = 500;
      }
      String sentence =
          cause != null && String.valueOf(cause.getMessage()).contains("URI")
              ? "the request's address is ambiguous or not well-formed; plain paths are needed"
              : sentence(status);
      if (status == 500) {
        sentence = ServiceException.internal(cause).getMessage();
      }
      byte[] body = Exchange.JSON.writeValueAsBytes(Map.of("error", sentence));
      response.setStatus(status);
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
      response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
      response.write(true, ByteBuffer.wrap(body), callback);
      return true;
    }

    private static String sentence(int status) {
      return switch (status) {
        case 400 -> "the request is not well-formed HTTP";
        case 408 -> "the request comes too slowly";
        case 413 -> "the request is too large";
        case 414 -> "the request's address is too long";
        case 417 -> "the expectation in the request's header cannot be met";
        case 426 -> "HTTP/2 needs its upgrade or its preface";
        case 431 -> "the request's headers are too large";
        case 501 -> "the server does not know how to read this";
        case 503 -> "the server is shutting down";
        case 505 -> "this version of HTTP is not spoken here";
        default -> HttpStatus.getMessage(status).toLowerCase(java.util.Locale.ROOT);
      };
    }
  }
}
