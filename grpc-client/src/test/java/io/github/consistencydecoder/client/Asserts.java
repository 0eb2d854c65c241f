package io.github.consistencydecoder.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What the tests here share. */
final class Asserts {
  private Asserts() {}

  /** The call fails with this code, in a message with these words. */
  static void fails(DecoderErrorCode code, ThrowingCallable call, String... words) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(call)
        .satisfies(
            e -> {
              assertThat(e.code()).as(e.getMessage()).isEqualTo(code);
              for (String word : words) {
                assertThat(e).hasMessageContaining(word);
              }
            });
  }
}
