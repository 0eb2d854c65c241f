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
  @Override
  protected LatentDecoder open() {
    return new PreviewDecoderProvider().open(DecoderConfig.empty());
  }

  @Override
  protected boolean usesNoise() {
    return false;
  }

  /**
   * Channel, row, column and value: {@code torch.nn.functional.interpolate(colours, scale_factor=8,
   * mode="bilinear", align_corners=False)} in float64 of the published table times the latents.
   */
  private static final double[][] FROM_TORCH = {
    {0, 0, 0, 0.827725000},
    {0, 3, 4, 0.751826563},
    {1, 4, 3, 0.438145312},
    {0, 7, 11, -0.499292187},
    {2, 8, 12, -0.390471289},
    {1, 11, 19, 0.033055957},
    {2, 15, 23, -0.954525000},
    {1, 12, 20, 0.129000000},
    {0, 5, 20, 0.077343750},
    {2, 9, 6, 0.739760791}
  };

  @Test
  void pixelsLieBetweenTheColoursOfTheCells() {
    float[] values = {
      0.5f, -1, 2, 0.25f, -0.75f, 1.5f, 1, 0, -0.5f, 2, -2, 0.75f, -1.25f, 0.5f, 0.5f, 1, -0.25f, 0,
      0.125f, -0.5f, 1.75f, -1.5f, 0, 2.25f
    };
    try (LatentDecoder decoder = open()) {
      Pixels pixels =
          decoder.decode(Latents.scaled(values, 1, 4, 2, 3), DecodeOptions.defaults()).pixels();
      for (double[] at : FROM_TORCH) {
        int row = ((int) at[0]) * 16 + (int) at[1];
        int i = row * 24 + (int) at[2];
        assertThat((double) pixels.values().get(i))
            .as("channel %.0f, row %.0f, column %.0f", at[0], at[1], at[2])
            .isCloseTo(at[3], within(1e-6));
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
