package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.consistencydecoder.plugin.DecoderErrorCode.Kind;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DecoderErrorCodeTest {
  /** Hosts map kinds to exit codes and statuses; a code that changes its kind breaks them. */
  @Test
  void everyCodeHasItsKind() {
    Map<Kind, Set<DecoderErrorCode>> codes = new EnumMap<>(Kind.class);
    for (DecoderErrorCode code : DecoderErrorCode.values()) {
      codes.computeIfAbsent(code.kind(), k -> EnumSet.noneOf(DecoderErrorCode.class)).add(code);
    }
    assertThat(codes)
        .isEqualTo(
            Map.of(
                Kind.CALLER,
                EnumSet.of(
                    DecoderErrorCode.INVALID_LATENTS,
                    DecoderErrorCode.INVALID_PIXELS,
                    DecoderErrorCode.INVALID_OPTIONS,
                    DecoderErrorCode.UNKNOWN_DECODER,
                    DecoderErrorCode.CANCELLED),
                Kind.MODEL,
                EnumSet.of(
                    DecoderErrorCode.MODEL_MISSING,
                    DecoderErrorCode.MODEL_CORRUPT,
                    DecoderErrorCode.MODEL_UNSUPPORTED),
                Kind.RESOURCES,
                EnumSet.of(
                    DecoderErrorCode.DEVICE_UNAVAILABLE,
                    DecoderErrorCode.DEVICE_LOST,
                    DecoderErrorCode.OUT_OF_MEMORY,
                    DecoderErrorCode.BUSY),
                Kind.INTERNAL,
                EnumSet.of(DecoderErrorCode.RUNTIME_FAILED)));
  }

  @Test
  void anExceptionKeepsCodeMessageAndCause() {
    Exception cause = new Exception("deep");
    DecoderException e = new DecoderException(DecoderErrorCode.BUSY, "later", cause);
    assertThat(e.code()).isEqualTo(DecoderErrorCode.BUSY);
    assertThat(e).hasMessage("later").hasCause(cause);
    assertThat(new DecoderException(DecoderErrorCode.BUSY, "later")).hasNoCause();
  }

  @Test
  void anExceptionWithoutCodeOrMessageIsRefused() {
    assertThatNullPointerException()
        .isThrownBy(() -> new DecoderException(null, "later"))
        .withMessage("code");
    assertThatNullPointerException()
        .isThrownBy(() -> new DecoderException(DecoderErrorCode.BUSY, null))
        .withMessage("message");
  }
}
