package io.github.consistencydecoder.server.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FailuresTest {
  private static final String SECRET = "/home/somebody/model.onnx at 0x7fff1234 ai.onnxruntime";

  private static final Map<DecoderErrorCode, ServiceError> EXPECTED =
      new EnumMap<>(
          Map.ofEntries(
              Map.entry(DecoderErrorCode.INVALID_LATENTS, ServiceError.INVALID),
              Map.entry(DecoderErrorCode.INVALID_PIXELS, ServiceError.INVALID),
              Map.entry(DecoderErrorCode.INVALID_OPTIONS, ServiceError.INVALID),
              Map.entry(DecoderErrorCode.UNKNOWN_DECODER, ServiceError.INTERNAL),
              Map.entry(DecoderErrorCode.CANCELLED, ServiceError.INTERNAL),
              Map.entry(DecoderErrorCode.MODEL_MISSING, ServiceError.INTERNAL),
              Map.entry(DecoderErrorCode.MODEL_CORRUPT, ServiceError.INTERNAL),
              Map.entry(DecoderErrorCode.MODEL_UNSUPPORTED, ServiceError.INTERNAL),
              Map.entry(DecoderErrorCode.DEVICE_UNAVAILABLE, ServiceError.NOT_READY),
              Map.entry(DecoderErrorCode.DEVICE_LOST, ServiceError.NOT_READY),
              Map.entry(DecoderErrorCode.OUT_OF_MEMORY, ServiceError.BUSY),
              Map.entry(DecoderErrorCode.BUSY, ServiceError.BUSY),
              Map.entry(DecoderErrorCode.RUNTIME_FAILED, ServiceError.INTERNAL)));

  @ParameterizedTest
  @EnumSource
  void everyCodeHasItsErrorAndOnlyTheCallersMistakesAreExplained(DecoderErrorCode code) {
    DecoderException failure = new DecoderException(code, SECRET);
    ServiceException outside = Failures.outside(failure);
    assertThat(outside.error()).isEqualTo(EXPECTED.get(code));
    if (outside.error() == ServiceError.INVALID) {
      assertThat(outside).hasMessage(SECRET);
      assertThat(outside.field()).isPresent();
    } else {
      assertThat(outside.getMessage())
          .containsPattern("incident [0-9a-f]{16}$")
          .doesNotContain("home", "0x", "onnx");
    }
    assertThat(Failures.reason(failure)).doesNotContain("home", "0x", "onnx");
  }

  @ParameterizedTest
  @EnumSource
  void onlyWhatASoundModelDoesNotDoCastsDoubt(DecoderErrorCode code) {
    boolean expected =
        switch (code) {
          case MODEL_MISSING,
              MODEL_CORRUPT,
              MODEL_UNSUPPORTED,
              DEVICE_UNAVAILABLE,
              DEVICE_LOST,
              OUT_OF_MEMORY,
              RUNTIME_FAILED ->
              true;
          case INVALID_LATENTS, INVALID_PIXELS, INVALID_OPTIONS, UNKNOWN_DECODER, CANCELLED, BUSY ->
              false;
        };
    assertThat(Failures.castsDoubt(new DecoderException(code, "x"))).isEqualTo(expected);
  }

  @Test
  void whateverElseIsThrownIsAnIncident() {
    for (Throwable t :
        new Throwable[] {
          new IllegalArgumentException(SECRET), new StackOverflowError(SECRET), new Error(SECRET)
        }) {
      assertThat(Failures.outside(t).error()).isEqualTo(ServiceError.INTERNAL);
      assertThat(Failures.outside(t).getMessage()).doesNotContain("home");
      assertThat(Failures.reason(t)).doesNotContain("home");
    }
    assertThat(Failures.outside(new OutOfMemoryError(SECRET)).error()).isEqualTo(ServiceError.BUSY);
  }
}
