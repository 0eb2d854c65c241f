package io.github.consistencydecoder.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a call ended, read.
 *
 * @param status with its code and sentence
 * @param reason the service's own word; empty if the status is not from a decode service
 * @param field the part of the request that is wrong, if it is one
 * @param pushback milliseconds to wait before the next attempt, if the service says so; negative if
 *     there must be none
 */
record StatusDetails(
    Status status, Optional<String> reason, Optional<String> field, OptionalLong pushback) {
  private static final String DOMAIN = "consistencydecoder";
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  static StatusDetails of(StatusRuntimeException e) {
    Optional<String> reason = Optional.empty();
    Optional<String> field = Optional.empty();
    com.google.rpc.Status details = StatusProto.fromThrowable(e);
    try {
      for (Any any : details == null ? java.util.List.<Any>of() : details.getDetailsList()) {
        if (any.is(ErrorInfo.class) && any.unpack(ErrorInfo.class).getDomain().equals(DOMAIN)) {
          reason = Optional.of(any.unpack(ErrorInfo.class).getReason());
        } else if (any.is(BadRequest.class)) {
          field =
              any.unpack(BadRequest.class).getFieldViolationsList().stream()
                  .map(BadRequest.FieldViolation::getField)
                  .findFirst();
        }
      }
    } catch (InvalidProtocolBufferException broken) {
      // The sentence says what there is to say.
      reason = Optional.empty();
    }
    return new StatusDetails(e.getStatus(), reason, field, pushback(e.getTrailers()));
  }

  private static OptionalLong pushback(Metadata trailers) {
    String text = trailers == null ? null : trailers.get(PUSHBACK);
    if (text == null) {
      return OptionalLong.empty();
    }
    // What cannot be read means "not again", as in gRPC itself.
    return OptionalLong.of(text.matches("[0-9]{1,12}") ? Long.parseLong(text) : -1);
  }

  /** The service's words, or gRPC's. */
  String sentence() {
    String description = status.getDescription();
    return description == null ? status.getCode().name() : description;
  }
}
