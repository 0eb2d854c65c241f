package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.runtime.SessionSettings.Convolutions;
import org.junit.jupiter.api.Test;

class ConvolutionsTest {
  private static final long GIB = 1L << 30;

  @Test
  void transformedWeightsAreChosenWhereTheyLeaveAThird() {
    assertThat(Convolutions.AUTO.transformed(true, 6 * GIB, 9 * GIB)).isTrue();
    assertThat(Convolutions.AUTO.transformed(true, 6 * GIB, 9 * GIB - 3)).isFalse();
    assertThat(Convolutions.AUTO.transformed(false, 5 * GIB, 100 * GIB)).isFalse();
  }

  @Test
  void aChoiceIsObeyedWhateverTheMemory() {
    assertThat(Convolutions.WINOGRAD.transformed(false, 5 * GIB, GIB)).isTrue();
    assertThat(Convolutions.DIRECT.transformed(true, 1, Long.MAX_VALUE)).isFalse();
  }
}
