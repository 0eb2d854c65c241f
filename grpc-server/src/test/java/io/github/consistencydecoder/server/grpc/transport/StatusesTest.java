package io.github.consistencydecoder.server.grpc.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatusesTest {
  private static final Map<ServiceError, Status.Code> CODES = new EnumMap<>(ServiceError.class);

  static {
    CODES.put(ServiceError.INVALID, Status.Code.INVALID_ARGUMENT);
    CODES.put(ServiceError.TOO_LARGE, Status.Code.INVALID_ARGUMENT);
    CODES.put(ServiceError.BUSY, Status.Code.RESOURCE_EXHAUSTED);
    CODES.put(ServiceError.DEADLINE, Status.Code.DEADLINE_EXCEEDED);
    CODES.put(ServiceError.NOT_READY, Status.Code.UNAVAILABLE);
    CODES.put(ServiceError.CANCELLED, Status.Code.CANCELLED);
    CODES.put(ServiceError.UNAUTHENTICATED, Status.Code.UNAUTHENTICATED);
    CODES.put(ServiceError.FORBIDDEN, Status.Code.PERMISSION_DENIED);
    CODES.put(ServiceError.NOT_FOUND, Status.Code.NOT_FOUND);
    CODES.put(ServiceError.UNIMPLEMENTED, Status.Code.UNIMPLEMENTED);
    CODES.put(ServiceError.INTERNAL, Status.Code.INTERNAL);
  }

  private static List<String> details(StatusRuntimeException e) {
    return StatusProto.fromThrowable(e).getDetailsList().stream().map(Any::getTypeUrl).toList();
  }

  private static String url(com.google.protobuf.Message message) {
    return Any.pack(message).getTypeUrl();
  }

  @ParameterizedTest
  @EnumSource(ServiceError.class)
  void everyErrorHasItsCode(ServiceError error) {
    assertThat(Statuses.of(ServiceException.of(error, "why")).getStatus().getCode())
        .isEqualTo(CODES.get(error));
  }

  @Test
  void fieldsAreViolations() throws Exception {
    StatusRuntimeException e = Statuses.of(ServiceException.invalid("a.b", "not so"));
    assertThat(details(e))
        .containsExactly(url(BadRequest.getDefaultInstance()), url(ErrorInfo.getDefaultInstance()));
    BadRequest.FieldViolation violation =
        StatusProto.fromThrowable(e).getDetails(0).unpack(BadRequest.class).getFieldViolations(0);
    assertThat(violation.getField()).isEqualTo("a.b");
    assertThat(violation.getDescription()).isEqualTo("not so");
  }

  @Test
  void busyTellsWhenToComeBackAndOthersDoNotHoldCallersUp() throws Exception {
    StatusRuntimeException busy =
        Statuses.of(ServiceException.retry(ServiceError.BUSY, "much", Duration.ofSeconds(2)));
    RetryInfo retry = StatusProto.fromThrowable(busy).getDetails(0).unpack(RetryInfo.class);
    long millis =
        retry.getRetryDelay().getSeconds() * 1000 + retry.getRetryDelay().getNanos() / 1_000_000;
    assertThat(millis).isBetween(2000L, 2500L);
    assertThat(busy.getTrailers().get(Statuses.PUSHBACK)).isEqualTo(Long.toString(millis));
    StatusRuntimeException starting =
        Statuses.of(ServiceException.retry(ServiceError.NOT_READY, "soon", Duration.ZERO));
    assertThat(details(starting)).contains(url(retry));
    assertThat(starting.getTrailers().containsKey(Statuses.PUSHBACK)).isFalse();
  }

  @Test
  void whatNobodyExpectedIsAnIncident() {
    for (Throwable thrown :
        List.of(
            new IllegalStateException("/etc/passwd"),
            new OutOfMemoryError("heap"),
            Status.UNKNOWN.withDescription("secret").asRuntimeException(),
            Status.INTERNAL.withDescription("secret").asRuntimeException())) {
      StatusRuntimeException e = Statuses.of(thrown);
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
      assertThat(e.getStatus().getDescription()).matches("internal error, incident [0-9a-f]{16}");
      assertThat(details(e)).isEmpty();
    }
  }

  @Test
  void statusesThatWereMeantPass() {
    StatusRuntimeException meant = Status.NOT_FOUND.withDescription("x").asRuntimeException();
    assertThat(Statuses.of(meant)).isSameAs(meant);
  }

  @Test
  void longMessagesFitTheTrailers() {
    StatusRuntimeException e =
        Statuses.of(ServiceException.invalid("f".repeat(5000), "m".repeat(5000)));
    assertThat(StatusProto.fromThrowable(e).getSerializedSize()).isLessThan(4000);
  }
}
