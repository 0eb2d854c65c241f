package io.github.consistencydecoder.server.grpc.transport;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/** The service's errors as gRPC statuses, with details of google.rpc. */
public final class Statuses {
  /** Domain of {@link ErrorInfo}. */
  public static final String DOMAIN = "consistencydecoder";

  /** Milliseconds after which gRPC's own retries may try again. */
  public static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  /** Trailers have to fit the eight KiB that callers take, Base64 and all. */
  private static final int LONGEST_MESSAGE = 800;

  private static final double JITTER = 0.25;

  private Statuses() {}

  /** The code of an error. */
  public static Status.Code code(ServiceError error) {
    return switch (error) {
      case INVALID, TOO_LARGE -> Status.Code.INVALID_ARGUMENT;
      case BUSY -> Status.Code.RESOURCE_EXHAUSTED;
      case DEADLINE -> Status.Code.DEADLINE_EXCEEDED;
      case NOT_READY -> Status.Code.UNAVAILABLE;
      case CANCELLED -> Status.Code.CANCELLED;
      case UNAUTHENTICATED -> Status.Code.UNAUTHENTICATED;
      case FORBIDDEN -> Status.Code.PERMISSION_DENIED;
      case NOT_FOUND -> Status.Code.NOT_FOUND;
      case UNIMPLEMENTED -> Status.Code.UNIMPLEMENTED;
      case INTERNAL -> Status.Code.INTERNAL;
    };
  }

  /** An error with its details. */
  public static StatusRuntimeException of(ServiceException e) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(code(e.error()).value())
            .setMessage(shortened(e.getMessage()));
    e.field()
        .ifPresent(
            field ->
                detail(
                    status,
                    BadRequest.newBuilder()
                        .addFieldViolations(
                            BadRequest.FieldViolation.newBuilder()
                                .setField(shortened(field))
                                .setDescription(shortened(e.getMessage())))
                        .build()));
    Metadata trailers = new Metadata();
    e.retryAfter()
        .ifPresent(
            after -> {
              long millis = jittered(after.toMillis());
              detail(status, RetryInfo.newBuilder().setRetryDelay(duration(millis)).build());
              // Who drains or starts is not worth waiting for while others serve.
              if (e.error() == ServiceError.BUSY) {
                trailers.put(PUSHBACK, Long.toString(millis));
              }
            });
    if (e.error() != ServiceError.INTERNAL) {
      detail(status, ErrorInfo.newBuilder().setReason(e.error().name()).setDomain(DOMAIN).build());
    }
    return StatusProto.toStatusRuntimeException(status.build(), trailers);
  }

  /**
   * Whatever was thrown. What nobody expected is logged under an incident id, of which alone the
   * caller hears.
   */
  public static StatusRuntimeException of(Throwable thrown) {
    if (thrown instanceof ServiceException e) {
      return of(e);
    }
    if (thrown instanceof StatusRuntimeException e) {
      Status.Code code = e.getStatus().getCode();
      if (code != Status.Code.UNKNOWN && code != Status.Code.INTERNAL) {
        return e;
      }
    }
    return of(ServiceException.internal(thrown));
  }

  /** A message over its method's limit. It will be over it every time. */
  static StatusRuntimeException tooLong(long limit) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
            .setMessage("the message is longer than the limit of " + limit + " bytes");
    detail(status, ErrorInfo.newBuilder().setReason("MESSAGE_TOO_LONG").setDomain(DOMAIN).build());
    Metadata trailers = new Metadata();
    // gRPC's word for "do not try again".
    trailers.put(PUSHBACK, "-1");
    return StatusProto.toStatusRuntimeException(status.build(), trailers);
  }

  private static void detail(com.google.rpc.Status.Builder status, Message detail) {
    status.addDetails(Any.pack(detail));
  }

  private static long jittered(long millis) {
    return Math.max(
        1, Math.round(millis * (1 + JITTER * ThreadLocalRandom.current().nextDouble())));
  }

  private static Duration duration(long millis) {
    return Duration.newBuilder()
        .setSeconds(millis / 1000)
        .setNanos((int) (millis % 1000) * 1_000_000)
        .build();
  }

  private static String shortened(String message) {
    return message.length() <= LONGEST_MESSAGE
        ? message
        : message.substring(0, LONGEST_MESSAGE).strip() + "..";
  }

  /** The word for a code in logs. */
  public static String word(Status status) {
    return status.getCode().name().toLowerCase(Locale.ROOT);
  }
}
