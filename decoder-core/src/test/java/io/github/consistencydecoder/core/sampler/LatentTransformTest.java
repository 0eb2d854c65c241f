package io.github.consistencydecoder.core.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.testing.SampleLatents;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LatentTransformTest {
  /** Factor and offset per channel of f = A z + B, z unscaled, as the specification has them. */
  private static final double[] A = {0.188675903, 0.174472578, 0.239205464, 0.236490768};

  private static final double[] B = {-0.402547959, -0.0215809888, -0.0969315041, 0.0222396100};

  private static final int PLANE = 6;
  private static final float[] UNSCALED = SampleLatents.values(2 * 4 * PLANE, 0.3, 5);

  @Test
  void unscaledLatentsAreScaledAndNormalisedPerChannel() {
    float[] features = LatentTransform.features(Latents.unscaled(UNSCALED, 2, 4, 2, 3));
    for (int i = 0; i < features.length; i++) {
      int c = i / PLANE % 4;
      // A and B have nine digits; a float near 4 is good to 2.4e-7.
      double expected = A[c] * UNSCALED[i] + B[c];
      assertThat((double) features[i]).as("value %d", i).isCloseTo(expected, within(1e-6));
    }
  }

  @Test
  void scaledLatentsAreNormalisedOnly() {
    float[] values = new float[16];
    Arrays.fill(values, 1f);
    float[] features = LatentTransform.features(Latents.scaled(values, 1, 4, 2, 2));
    assertThat(new double[] {features[0], features[4], features[8], features[12]})
        .containsExactly(
            new double[] {
              (1 - 0.38862467) / 0.9654121,
              (1 - 0.02253063) / 1.0440036,
              (1 - 0.07381133) / 0.76147926,
              (1 + 0.0171294) / 0.77022034
            },
            within(1e-7));
  }

  @Test
  void bothScalesOfTheSameLatentsGiveTheSameFeatures() {
    Latents unscaled = Latents.unscaled(UNSCALED, 2, 4, 2, 3);
    float[] fromScaled = LatentTransform.features(unscaled.to(LatentScale.SCALED));
    assertThat(fromScaled).containsExactly(LatentTransform.features(unscaled), within(1e-6f));
  }

  /** diffusers: float32 buffers, each operation rounded. */
  @Test
  void diffusersRoundingDiffersByAMillionthAtMost() {
    float[] mean = {0.38862467f, 0.02253063f, 0.07381133f, -0.0171294f};
    float[] deviation = {0.9654121f, 1.0440036f, 0.76147926f, 0.77022034f};
    float[] features = LatentTransform.features(Latents.unscaled(UNSCALED, 2, 4, 2, 3));
    for (int i = 0; i < features.length; i++) {
      int c = i / PLANE % 4;
      float diffusers = (UNSCALED[i] * 0.18215f - mean[c]) / deviation[c];
      assertThat(features[i])
          .as("value %d", i)
          .isCloseTo(diffusers, within(1e-6f * Math.max(1, Math.abs(diffusers))));
    }
  }
}
