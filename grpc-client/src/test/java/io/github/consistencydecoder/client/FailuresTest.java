package io.github.consistencydecoder.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import io.github.consistencydecoder.client.Failures.StatusDetails;
import io.github.consistencydecoder.client.RemoteModel.CallKind;
import io.github.consistencydecoder.client.connect.RemoteSettings;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What callers hear of the ends of calls. */
class FailuresTest {
  private static final String PLACE = "127.0.0.1:8001";

  private static Failures failures(String... more) {
    var config = TestService.at(PLACE).with("model", "mine").with("timeout", "90s");
    for (int i = 0; i < more.length; i += 2) {
      config = config.with(more[i], more[i + 1]);
    }
    return new Failures(RemoteSettings.of(config, "the remote decoder"));
  }

  private static DecoderException of(CallKind kind, StatusRuntimeException e) {
    return failures().of(kind, e);
  }

  private static StatusRuntimeException bare(Status.Code code) {
    return code.toStatus().withDescription("words of the server").asRuntimeException();
  }

  @ParameterizedTest
  @EnumSource(Status.Code.class)
  void everyStatusBecomesAnErrorWithACauseAndWhatTheServerSaid(Status.Code code) {
    for (CallKind kind : CallKind.values()) {
      StatusRuntimeException e = bare(code);
      DecoderException error = of(kind, e);
      assertThat(error).hasCause(e).hasMessageNotContaining("Exception");
      if (code != Status.Code.UNIMPLEMENTED
          && code != Status.Code.CANCELLED
          && code != Status.Code.DEADLINE_EXCEEDED) {
        assertThat(error).hasMessageContaining("words of the server");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT, INVALID_LATENTS",
    "NOT_FOUND, MODEL_MISSING",
    "UNIMPLEMENTED, DEVICE_UNAVAILABLE",
    "UNAVAILABLE, DEVICE_UNAVAILABLE",
    "CANCELLED, DEVICE_UNAVAILABLE",
    "RESOURCE_EXHAUSTED, BUSY",
    "DEADLINE_EXCEEDED, BUSY",
    "UNAUTHENTICATED, INVALID_OPTIONS",
    "PERMISSION_DENIED, INVALID_OPTIONS",
    "INTERNAL, RUNTIME_FAILED",
    "UNKNOWN, RUNTIME_FAILED",
    "DATA_LOSS, RUNTIME_FAILED",
    "ABORTED, RUNTIME_FAILED",
    "FAILED_PRECONDITION, RUNTIME_FAILED",
    "OUT_OF_RANGE, RUNTIME_FAILED",
    "ALREADY_EXISTS, RUNTIME_FAILED",
    "OK, RUNTIME_FAILED"
  })
  void everyStatusHasItsCode(Status.Code status, DecoderErrorCode code) {
    assertThat(of(CallKind.DECODE, bare(status)).code()).isEqualTo(code);
  }

  @Test
  void aLateAnswerIsToldWithTheTimeThatItHad() {
    assertThat(of(CallKind.DESCRIBE, bare(Status.Code.DEADLINE_EXCEEDED)))
        .hasMessageContaining("the question was not done by ")
        .hasMessageContaining(" within 60 s; ");
    assertThat(of(CallKind.DECODE, bare(Status.Code.DEADLINE_EXCEEDED)))
        .hasMessageContaining(" within 90 s; ");
  }

  /** As the service sends it, with details. */
  @ParameterizedTest
  @CsvSource({
    "INVALID, INVALID_LATENTS",
    "TOO_LARGE, INVALID_LATENTS",
    "BUSY, BUSY",
    "DEADLINE, BUSY",
    "NOT_READY, DEVICE_UNAVAILABLE",
    "CANCELLED, DEVICE_UNAVAILABLE",
    "UNAUTHENTICATED, INVALID_OPTIONS",
    "FORBIDDEN, INVALID_OPTIONS",
    "NOT_FOUND, MODEL_MISSING",
    "UNIMPLEMENTED, DEVICE_UNAVAILABLE",
    "INTERNAL, RUNTIME_FAILED"
  })
  void everyErrorOfTheServiceHasItsCode(ServiceError sent, DecoderErrorCode code) {
    StatusRuntimeException e = Statuses.of(ServiceException.of(sent, "a sentence"));
    assertThat(of(CallKind.DECODE, e).code()).isEqualTo(code);
  }

  @ParameterizedTest
  @CsvSource({
    "latents, INVALID_LATENTS",
    "latents.tensor.shape, INVALID_LATENTS",
    "noise.given.steps[0].shape, INVALID_OPTIONS",
    "timesteps, INVALID_OPTIONS",
    "options, INVALID_OPTIONS",
    "format, INVALID_OPTIONS",
    "pictures, INVALID_PIXELS",
    "tensor.shape, INVALID_PIXELS",
    "file, INVALID_PIXELS",
    "filet, INVALID_OPTIONS"
  })
  void theFieldSaysWhatIsInvalidAndTheSentenceStays(String field, DecoderErrorCode code) {
    DecoderException error =
        of(CallKind.ENCODE, Statuses.of(ServiceException.invalid(field, "it is wrong")));
    assertThat(error.code()).isEqualTo(code);
    assertThat(error).hasMessage("it is wrong");
  }

  @Test
  void withoutAFieldItIsWhatTheCallIsAbout() {
    StatusRuntimeException e = Statuses.of(ServiceException.of(ServiceError.TOO_LARGE, "a lot"));
    assertThat(of(CallKind.DECODE, e).code()).isEqualTo(DecoderErrorCode.INVALID_LATENTS);
    assertThat(of(CallKind.ENCODE, e).code()).isEqualTo(DecoderErrorCode.INVALID_PIXELS);
    assertThat(of(CallKind.DESCRIBE, e).code()).isEqualTo(DecoderErrorCode.INVALID_OPTIONS);
  }

  @Test
  void aDrainingServiceIsToldApartFromNone() {
    StatusRuntimeException draining =
        Statuses.of(
            ServiceException.retry(
                ServiceError.NOT_READY, "the service is stopping", Duration.ofSeconds(1)));
    assertThat(of(CallKind.DECODE, draining))
        .hasMessage(
            "the service at 127.0.0.1:8001 is not ready: the service is stopping;"
                + " try again when it is");
    assertThat(of(CallKind.DECODE, bare(Status.Code.UNAVAILABLE)))
        .hasMessageContaining("no decode service can be reached at 127.0.0.1:8001")
        .hasMessageContaining("consistency-decoder serve");
  }

  @Test
  void aFailedHandshakeIsToldWithTheSettingsForIt() {
    StatusRuntimeException e =
        Status.UNAVAILABLE
            .withDescription("io exception")
            .withCause(new IllegalStateException(new SSLHandshakeException("unknown authority")))
            .asRuntimeException();
    assertThat(of(CallKind.DECODE, e))
        .hasMessageContaining("unknown authority")
        .hasMessageContaining("tls-ca")
        .hasMessageContaining("plaintext");
  }

  @Test
  void aServerOfAnotherVersionIsSaidToBeThat() {
    assertThat(of(CallKind.DECODE, bare(Status.Code.UNIMPLEMENTED)))
        .hasMessageContaining("another version")
        .hasMessageContaining("consistencydecoder.v1")
        .hasMessageContaining(PLACE);
  }

  @Test
  void aModelWithoutAnEncoderIsAnotherThing() {
    StatusRuntimeException e =
        Statuses.of(ServiceException.of(ServiceError.UNIMPLEMENTED, "it has no encoder"));
    assertThat(of(CallKind.ENCODE, e).code()).isEqualTo(DecoderErrorCode.MODEL_UNSUPPORTED);
    assertThat(of(CallKind.ENCODE, e)).hasMessage("it has no encoder");
  }

  @Test
  void whoSentATokenHearsThatItIsTheWrongOne() {
    StatusRuntimeException wrong =
        Statuses.of(ServiceException.of(ServiceError.FORBIDDEN, "not the one"));
    StatusRuntimeException none =
        Statuses.of(ServiceException.of(ServiceError.UNAUTHENTICATED, "wants one"));
    Failures withToken = failures("token-file", Path.of("token").toString());
    assertThat(withToken.of(CallKind.DECODE, wrong)).hasMessageContaining("refuses the token");
    assertThat(failures().of(CallKind.DECODE, none))
        .hasMessageContaining("wants one")
        .hasMessageContaining("token-file")
        .hasMessageNotContaining(PLACE);
  }

  @Test
  void aMessageThatIsTooLongIsTheCallersWhateverTheStatusSays() {
    com.google.rpc.Status status =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
            .setMessage("the message is longer than the limit of 5 bytes")
            .addDetails(
                Any.pack(
                    com.google.rpc.ErrorInfo.newBuilder()
                        .setReason("MESSAGE_TOO_LONG")
                        .setDomain("consistencydecoder")
                        .build()))
            .build();
    DecoderException error = of(CallKind.DECODE, StatusProto.toStatusRuntimeException(status));
    assertThat(error.code()).isEqualTo(DecoderErrorCode.INVALID_LATENTS);
    assertThat(error).hasMessageContaining("limit of 5 bytes").hasMessageContaining("fewer");
  }

  @Test
  void anAnswerThatIsTooLongIsTheServers() {
    StatusRuntimeException e =
        Status.RESOURCE_EXHAUSTED
            .withDescription("gRPC message exceeds maximum size 4: 5")
            .asRuntimeException();
    assertThat(of(CallKind.DECODE, e).code()).isEqualTo(DecoderErrorCode.RUNTIME_FAILED);
  }

  @Test
  void detailsThatCannotBeReadLeaveTheSentence() {
    com.google.rpc.Status status =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.INVALID_ARGUMENT.value())
            .setMessage("it is wrong")
            .addDetails(
                Any.newBuilder()
                    .setTypeUrl(Any.pack(BadRequest.getDefaultInstance()).getTypeUrl())
                    .setValue(com.google.protobuf.ByteString.copyFrom(new byte[] {10, 99, 1})))
            .build();
    assertThat(of(CallKind.DECODE, StatusProto.toStatusRuntimeException(status)))
        .hasMessage("it is wrong");
  }

  @Test
  void aPauseThatCannotBeReadMeansNotAgain() {
    for (String text : List.of("soon", "", "-1", "99999999999999999999")) {
      io.grpc.Metadata trailers = new io.grpc.Metadata();
      trailers.put(Statuses.PUSHBACK, text);
      StatusDetails details =
          StatusDetails.of(Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers));
      assertThat(details.pushback()).as(text).hasValue(-1);
    }
  }

  @Test
  void theTimeIsToldAsItWasSet() {
    assertThat(of(CallKind.DECODE, bare(Status.Code.DEADLINE_EXCEEDED)))
        .hasMessageContaining("within 90 s")
        .hasMessageContaining("raise timeout");
  }
}
