package example.smooth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.testing.LatentDecoderContract;
import org.junit.jupiter.api.Test;

/** Keeps the promises, and draws what it should. Opened the way a host opens it. */
class SmoothDecoderTest extends LatentDecoderContract {
  @Override
  protected LatentDecoder open() {
    return Decoders.open("smooth", DecoderConfig.empty());
  }

  @Override
  protected boolean usesNoise() {
    return false;
  }

  @Test
  void coloursAreThoseOfTheCellsAtTheirCentresAndBetweenThemInBetween() {
    // Channel 0 alone, two cells: 0 and 1.
    float[] values = {0, 1, 0, 0, 0, 0, 0, 0};
    try (LatentDecoder decoder = open()) {
      Pixels pixels =
          decoder.decode(Latents.scaled(values, 1, 4, 1, 2), DecodeOptions.defaults()).pixels();
      assertThat(pixels.values().get(0)).isZero();
      assertThat(pixels.values().get(15)).isCloseTo(0.35f, within(1e-6f));
      float middle = (pixels.values().get(7) + pixels.values().get(8)) / 2;
      assertThat(middle).isCloseTo(0.175f, within(1e-6f));
    }
  }

  @Test
  void aSettingItHasNotIsRefusedByName() {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(() -> Decoders.open("smooth", DecoderConfig.model("tiny")))
        .withMessageContaining("'model' is unknown");
  }
}
