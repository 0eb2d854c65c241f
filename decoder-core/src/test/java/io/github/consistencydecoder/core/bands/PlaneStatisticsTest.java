package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Norms from the statistics of bands, against a computation over all values at once. */
class PlaneStatisticsTest {
  private static final float EPSILON = 1e-5f;

  private final Random random = new Random(1);

  /** Values of some planes, {@code [channel][value]}, about a mean. */
  private double[][] planes(int channels, int values, double mean) {
    double[][] planes = new double[channels][values];
    for (double[] plane : planes) {
      for (int i = 0; i < values; i++) {
        plane[i] = mean + random.nextGaussian();
      }
      mean += 0.5;
    }
    return planes;
  }

  /** Adds bands that end at the given values, as the graphs would. */
  private static PlaneStatistics gathered(double[][] planes, int... ends) {
    PlaneStatistics statistics = new PlaneStatistics(planes.length);
    int from = 0;
    for (int to : ends) {
      float[] mean = new float[planes.length];
      float[] squares = new float[planes.length];
      for (int c = 0; c < planes.length; c++) {
        double sum = 0;
        for (int i = from; i < to; i++) {
          sum += planes[c][i];
        }
        mean[c] = (float) (sum / (to - from));
        double about = 0;
        for (int i = from; i < to; i++) {
          about += (planes[c][i] - mean[c]) * (planes[c][i] - mean[c]);
        }
        squares[c] = (float) about;
      }
      statistics.add(to - from, FloatBuffer.wrap(mean), FloatBuffer.wrap(squares));
      from = to;
    }
    return statistics;
  }

  private static void assertNorm(double[][] planes, int groups, List<PlaneStatistics> sources) {
    int channels = planes.length;
    float[] gamma = new float[channels];
    float[] beta = new float[channels];
    for (int c = 0; c < channels; c++) {
      gamma[c] = 1 + 0.1f * c;
      beta[c] = 0.3f * c - 1;
    }
    float[] scale = new float[channels];
    float[] shift = new float[channels];
    PlaneStatistics.norm(
        sources, groups, EPSILON, gamma, beta, FloatBuffer.wrap(scale), FloatBuffer.wrap(shift));
    int size = channels / groups;
    for (int c = 0; c < channels; c++) {
      int first = c / size * size;
      double mean = 0;
      double variance = 0;
      int n = size * planes[0].length;
      for (int k = first; k < first + size; k++) {
        for (double v : planes[k]) {
          mean += v / n;
        }
      }
      for (int k = first; k < first + size; k++) {
        for (double v : planes[k]) {
          variance += (v - mean) * (v - mean) / n;
        }
      }
      double expected = gamma[c] / Math.sqrt(variance + EPSILON);
      assertThat((double) scale[c]).isCloseTo(expected, within(2e-6 * expected));
      double shifted = beta[c] - mean * expected;
      assertThat((double) shift[c])
          .isCloseTo(shifted, within(2e-6 * (1 + Math.abs(mean) * expected)));
    }
  }

  @Test
  void bandsOfUnequalSizeGiveTheNormOfTheWhole() {
    double[][] planes = planes(6, 1000, 0);
    assertNorm(planes, 3, List.of(gathered(planes, 400, 800, 1000)));
  }

  @Test
  void aLargeMeanTakesNoDigitsOfTheVariance() {
    double[][] planes = planes(4, 1000, 1e3);
    // What a mean in float32 cannot tell.
    double[][] stored = new double[4][];
    for (int c = 0; c < 4; c++) {
      stored[c] = java.util.Arrays.stream(planes[c]).map(v -> (float) v).toArray();
    }
    assertNorm(stored, 4, List.of(gathered(stored, 300, 600, 1000)));
  }

  @Test
  void bandsWhoseMeansDifferGiveTheNormOfTheWhole() {
    double[][] planes = planes(2, 900, 0);
    for (double[] plane : planes) {
      for (int i = 300; i < 600; i++) {
        plane[i] += 100;
      }
    }
    assertNorm(planes, 1, List.of(gathered(planes, 300, 600, 900)));
  }

  @Test
  void aGroupMayReachOverTwoSources() {
    double[][] planes = planes(6, 500, -2);
    double[][] first = java.util.Arrays.copyOf(planes, 4);
    double[][] second = java.util.Arrays.copyOfRange(planes, 4, 6);
    assertNorm(planes, 2, List.of(gathered(first, 500), gathered(second, 500)));
  }
}
