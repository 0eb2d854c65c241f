package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatentScaleGuessTest {
  @ParameterizedTest
  @CsvSource({
    "0.05, SCALED, false",
    "0.4, SCALED, true",
    "0.9, SCALED, true",
    "1.4, SCALED, true",
    "1.41, SCALED, false",
    "2.19, SCALED, false",
    "2.21, UNSCALED, false",
    "2.79, UNSCALED, false",
    "2.8, UNSCALED, true",
    "5, UNSCALED, true"
  })
  void theStandardDeviationDecides(double deviation, LatentScale scale, boolean clear) {
    LatentScaleGuess guess = guess(deviation);
    assertThat(guess.scale()).isEqualTo(scale);
    assertThat(guess.clear()).isEqualTo(clear);
  }

  @Test
  void aClearGuessSaysWhatAndWhy() {
    assertThat(guess(4.98).sentence())
        .isEqualTo(
            "took the latents for unscaled: their standard deviation is 4.98 (about 1 when scaled,"
                + " about 5 when unscaled)");
  }

  @Test
  void anUnclearGuessSaysWhatToDo() {
    assertThat(guess(1.9).sentence())
        .isEqualTo(
            "took the latents for scaled: their standard deviation is 1.90 (about 1 when scaled,"
                + " about 5 when unscaled), which is not clear; if the picture looks wrong, say"
                + " --latents unscaled");
  }

  private static LatentScaleGuess guess(double deviation) {
    return LatentScaleGuess.of(new LatentStatistics(0, deviation, -1, 1, 0));
  }
}
