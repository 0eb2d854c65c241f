package io.github.consistencydecoder.core.tiles;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Statistics of samples are those of all their values. */
class PooledStatisticsTest {
  @Test
  void oneSampleKeepsItsStatistics() {
    Tiles.PooledStatistics pooled = new Tiles.PooledStatistics(2);
    float[] statistics = {1, -2, 0.5f, 4, 9, 8, 7, 6};
    pooled.add(statistics);
    assertThat(pooled.pooled()).isEqualTo(statistics);
  }

  @Test
  void theVarianceOfTheMeansCounts() {
    float[][] values = {{1, 3, 5, 7}, {11, 12, 13, 20}, {-4, 0, 2, 6}};
    Tiles.PooledStatistics pooled = new Tiles.PooledStatistics(1);
    double sum = 0;
    double squares = 0;
    for (float[] sample : values) {
      pooled.add(new float[] {(float) mean(sample), (float) variance(sample)});
      for (float v : sample) {
        sum += v;
        squares += v * v;
      }
    }
    float[] all = pooled.pooled();
    double mean = sum / 12;
    assertThat(all[0]).isCloseTo((float) mean, Offset.offset(1e-5f));
    assertThat(all[1]).isCloseTo((float) (squares / 12 - mean * mean), Offset.offset(1e-4f));
  }

  @Test
  void aLargeMeanCostsNoVariance() {
    Tiles.PooledStatistics pooled = new Tiles.PooledStatistics(1);
    pooled.add(new float[] {1e6f, 1});
    pooled.add(new float[] {1e6f + 2, 1});
    assertThat(pooled.pooled()[1]).isEqualTo(2);
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += v;
    }
    return sum / values.length;
  }

  private static double variance(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += (v - mean(values)) * (v - mean(values));
    }
    return sum / values.length;
  }
}
