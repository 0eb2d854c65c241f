package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** A status that came back, taken apart. */
record Refused(
    Status.Code code,
    String message,
    List<String> fields,
    Optional<String> reason,
    Optional<Long> retryMillis,
    Optional<String> pushback) {
  static Refused by(ThrowingCallable call) {
    StatusRuntimeException e = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(e).as("a refusal").isNotNull();
    return of(e);
  }

  static Refused of(StatusRuntimeException e) {
    List<Any> details =
        Optional.ofNullable(StatusProto.fromThrowable(e))
            .map(com.google.rpc.Status::getDetailsList)
            .orElse(List.of());
    List<String> fields = new java.util.ArrayList<>();
    Optional<String> reason = Optional.empty();
    Optional<Long> retry = Optional.empty();
    try {
      for (Any detail : details) {
        if (detail.is(BadRequest.class)) {
          detail
              .unpack(BadRequest.class)
              .getFieldViolationsList()
              .forEach(v -> fields.add(v.getField()));
        } else if (detail.is(ErrorInfo.class)) {
          assertThat(detail.unpack(ErrorInfo.class).getDomain()).isEqualTo("consistencydecoder");
          reason = Optional.of(detail.unpack(ErrorInfo.class).getReason());
        } else if (detail.is(RetryInfo.class)) {
          var delay = detail.unpack(RetryInfo.class).getRetryDelay();
          retry = Optional.of(delay.getSeconds() * 1000 + delay.getNanos() / 1_000_000);
        }
      }
    } catch (InvalidProtocolBufferException broken) {
      throw new AssertionError(broken);
    }
    Optional<String> pushback =
        Optional.ofNullable(e.getTrailers()).map(t -> t.get(Statuses.PUSHBACK));
    return new Refused(
        e.getStatus().getCode(),
        String.valueOf(e.getStatus().getDescription()),
        fields,
        reason,
        retry,
        pushback);
  }

  /** A request that cannot be served as it is. */
  static void invalid(String field, String part, ThrowingCallable call) {
    Refused refused = by(call);
    assertThat(refused.code()).as(refused.message()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refused.message()).contains(part);
    assertThat(refused.fields()).containsExactly(field);
    assertThat(refused.reason()).contains("INVALID");
    assertThat(refused.retryMillis()).isEmpty();
    assertThat(refused.pushback()).isEmpty();
  }

  /** A refusal of the call as a whole. */
  static Refused with(Status.Code code, String reason, String part, ThrowingCallable call) {
    Refused refused = by(call);
    assertThat(refused.code()).as(refused.message()).isEqualTo(code);
    assertThat(refused.message()).contains(part);
    assertThat(refused.reason()).contains(reason);
    return refused;
  }
}
