package io.github.consistencydecoder.server.grpc.transport;

import io.github.consistencydecoder.server.core.ServiceError;
import io.github.consistencydecoder.server.core.ServiceException;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a request's headers must be before gRPC may read them. Checked in this order: one host; a
 * path; POST; a gRPC content type; a time-out of gRPC's form.
 */
final class HeaderRules {
  /** Why not, and what plain HTTP calls it. */
  record Refusal(String httpStatus, ServiceException cause) {}

  private static final AsciiString HOST = AsciiString.cached("host");
  private static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
  private static final AsciiString GRPC_TIMEOUT = AsciiString.cached("grpc-timeout");
  private static final String GRPC = "application/grpc";
  private static final Pattern TIMEOUT = Pattern.compile("[0-9]{1,8}[HMSmun]");

  private HeaderRules() {}

  static Optional<Refusal> check(Http2Headers headers) {
    if (headers.authority() == null && headers.getAll(HOST).size() > 1) {
      return invalid("400", "several host headers");
    }
    CharSequence path = headers.path();
    if (path == null || path.length() < 2 || path.charAt(0) != '/') {
      return Optional.of(
          new Refusal(
              "404", ServiceException.of(ServiceError.UNIMPLEMENTED, "no method is named")));
    }
    if (headers.method() == null || !"POST".contentEquals(headers.method())) {
      return invalid("405", "gRPC calls are POST requests");
    }
    if (!isGrpc(headers.get(CONTENT_TYPE))) {
      return invalid("415", "the content type of gRPC is application/grpc");
    }
    for (CharSequence timeout : headers.getAll(GRPC_TIMEOUT)) {
      if (!TIMEOUT.matcher(timeout).matches()) {
        return invalid("200", "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u and n");
      }
    }
    return Optional.empty();
  }

  private static boolean isGrpc(CharSequence contentType) {
    if (contentType == null) {
      return false;
    }
    String type = contentType.toString();
    return type.equals(GRPC) || type.startsWith(GRPC + "+") || type.startsWith(GRPC + ";");
  }

  private static Optional<Refusal> invalid(String httpStatus, String message) {
    return Optional.of(new Refusal(httpStatus, ServiceException.of(ServiceError.INVALID, message)));
  }
}
