package io.github.consistencydecoder.core.preview;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.core.ConsistencyDecoderProvider;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.testing.LatentDecoderContract;
import org.junit.jupiter.api.Test;

class PreviewDecoderTest extends LatentDecoderContract {
  /** Red, green, blue of each channel: the published table. */
  private static final double[][] TABLE = {
    {0.3512, 0.2297, 0.3227},
    {0.3250, 0.4974, 0.2350},
    {-0.2829, 0.1762, 0.2721},
    {-0.2120, -0.2616, -0.7177}
  };

  @Override
  protected LatentDecoder open() {
    return new PreviewDecoderProvider().open(DecoderConfig.empty());
  }

  @Override
  protected boolean usesNoise() {
    return false;
  }

  @Test
  void eachCellIsASquareOfItsColour() {
    Latents latents = latents(2, 3, 5, 7);
    try (LatentDecoder decoder = open()) {
      Pixels pixels = decoder.decode(latents, DecodeOptions.defaults()).pixels();
      for (int i = 0; i < pixels.values().limit(); i++) {
        int x = i % 40;
        int y = i / 40 % 24;
        int c = i / (24 * 40) % 3;
        int n = i / (3 * 24 * 40);
        double expected = 0;
        for (int k = 0; k < 4; k++) {
          expected += TABLE[k][c] * latents.values().get(((n * 4 + k) * 3 + y / 8) * 5 + x / 8);
        }
        assertThat((double) pixels.values().get(i))
            .as("picture %d, channel %d, row %d, column %d", n, c, y, x)
            .isCloseTo(expected, within(1e-6));
      }
    }
  }

  @Test
  void whateverAHostSetsForAllDecodersIsTaken() {
    DecoderConfig config =
        DecoderConfig.model("sd1")
            .with(DecoderConfig.DEVICE, "cpu")
            .with(DecoderConfig.THREADS, "2")
            .with(DecoderConfig.DTYPE, "float16")
            .with(ConsistencyDecoderProvider.CACHE, "somewhere");
    try (LatentDecoder decoder = new PreviewDecoderProvider().open(config)) {
      assertThat(decoder.info().provider()).isEqualTo("preview");
    }
  }

  @Test
  void aModelAndUnknownSettingsAreRefused() {
    assertThatThrownBy(() -> new PreviewDecoderProvider().open(DecoderConfig.model("tiny")))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.INVALID_OPTIONS))
        .hasMessage("the preview has no model 'tiny'; it has sd1 and needs no file");
    assertThatThrownBy(
            () -> new PreviewDecoderProvider().open(DecoderConfig.empty().with("steps", "2")))
        .isInstanceOf(DecoderException.class)
        .hasMessageContaining("'steps' is unknown; the preview has cache, cuda.options, device");
  }
}
