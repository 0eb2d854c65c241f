package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.runtime.Convolutions;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same picture in bands as at once. */
class BandedStepTest {
  /** What issue 6 asks for; measured differences are below 2e-6. */
  private static final float TOLERANCE = 1e-4f;

  @TempDir static Path folder;
  private static BandedNetwork direct;

  @BeforeAll
  static void open() throws Exception {
    direct =
        BandedNetwork.synthetic(SyntheticWeights.reducedNetwork(), folder, Convolutions.DIRECT);
  }

  @AfterAll
  static void close() {
    direct.close();
  }

  @ParameterizedTest
  @CsvSource({"64,64,32", "72,200,16", "256,264,32", "64,64,64", "40,24,8"})
  void picturesInBandsAreThoseAtOnce(int height, int width, int rows) {
    float[] found = direct.banded(1, direct.inMemory(height, width, rows));
    assertThat(worst(direct.whole(1, height, width), found)).isLessThan(TOLERANCE);
  }

  static float worst(float[] expected, float[] found) {
    assertThat(found).hasSameSizeAs(expected);
    float worst = 0;
    for (int i = 0; i < found.length; i++) {
      float d = Math.abs(expected[i] - found[i]);
      worst = Float.isNaN(d) ? Float.POSITIVE_INFINITY : Math.max(worst, d);
    }
    return worst;
  }
}
