package io.github.consistencydecoder.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.testing.SampleLatents;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchKeyTest {
  private static final DecodeOptions OPTIONS = DecodeOptions.defaults();

  @Test
  void smallPlausiblePicturesJoinWhateverTheirSeed() {
    assertThat(BatchKey.of(SampleLatents.scaled(1, 1, 32, 32), OPTIONS))
        .isPresent()
        .isEqualTo(
            BatchKey.of(
                SampleLatents.scaled(2, 1, 32, 32),
                DecodeOptions.builder().noise(Noise.seededPerImage(List.of(9L))).build()));
    assertThat(BatchKey.of(SampleLatents.scaled(1, 1, 8, 8).to(LatentScale.UNSCALED), OPTIONS))
        .isPresent();
  }

  @Test
  void largePicturesAndBatchesStayAlone() {
    assertThat(BatchKey.of(SampleLatents.scaled(1, 1, 32, 33), OPTIONS)).isEmpty();
    assertThat(BatchKey.of(SampleLatents.scaled(1, 2, 8, 8), OPTIONS)).isEmpty();
  }

  @Test
  void whatADecoderWouldRefuseOrWarnOfStaysAlone() {
    float[] values = new float[4 * 64];
    SampleLatents.scaled(1, 1, 8, 8).values().get(values);
    for (float factor : new float[] {0.2f, 5, Float.POSITIVE_INFINITY}) {
      float[] scaled = values.clone();
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] *= factor;
      }
      assertThat(BatchKey.of(Latents.scaled(scaled, 1, 4, 8, 8), OPTIONS))
          .as("%s", factor)
          .isEmpty();
    }
    values[9] = Float.NaN;
    assertThat(BatchKey.of(Latents.scaled(values, 1, 4, 8, 8), OPTIONS)).isEmpty();
    float[] farChannel = new float[4 * 64];
    SampleLatents.scaled(1, 1, 8, 8).values().get(farChannel);
    for (int i = 0; i < 64; i++) {
      farChannel[i] += 6;
    }
    assertThat(BatchKey.of(Latents.scaled(farChannel, 1, 4, 8, 8), OPTIONS)).isEmpty();
  }

  @Test
  void noiseThatDoesNotFitStaysAloneAndIsRefusedThere() {
    float[] right = new float[3 * 64 * 64];
    float[] wrong = Arrays.copyOf(right, right.length + 1);
    assertThat(BatchKey.of(SampleLatents.scaled(1, 1, 8, 8), given(right, right))).isPresent();
    assertThat(BatchKey.of(SampleLatents.scaled(1, 1, 8, 8), given(right, wrong))).isEmpty();
    assertThat(
            BatchKey.of(
                SampleLatents.scaled(1, 1, 8, 8),
                DecodeOptions.builder().noise(Noise.seededPerImage(List.of(1L, 2L))).build()))
        .isEmpty();
  }

  private static DecodeOptions given(float[] first, float[] second) {
    return DecodeOptions.builder().noise(Noise.given(List.of(first, second))).build();
  }
}
