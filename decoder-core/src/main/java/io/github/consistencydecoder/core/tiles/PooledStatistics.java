package io.github.consistencydecoder.core.tiles;

/**
 * The statistics of several samples of one size as those of all their values together: the mean of
 * the means, and the mean variance plus the variance of the means.
 */
final class PooledStatistics {
  private final int groups;
  private int count;
  private double[] sums;
  private double[] squares;

  /**
   * @param groups of every norm
   */
  PooledStatistics(int groups) {
    this.groups = groups;
  }

  /**
   * Adds a sample.
   *
   * @param statistics for each norm the mean of each group, then the biased variance of each
   */
  void add(float[] statistics) {
    if (count == 0) {
      sums = new double[statistics.length];
      squares = new double[statistics.length];
    }
    count++;
    for (int i = 0; i < statistics.length; i++) {
      // Welford's update: the difference from the old mean times that from the new one.
      double difference = statistics[i] - sums[i] / Math.max(1, count - 1);
      sums[i] += statistics[i];
      squares[i] += difference * (statistics[i] - sums[i] / count);
    }
  }

  /** Mean and variance of all samples together, in the same order. */
  float[] pooled() {
    float[] pooled = new float[sums.length];
    for (int norm = 0; norm < sums.length; norm += 2 * groups) {
      for (int mean = norm; mean < norm + groups; mean++) {
        int variance = mean + groups;
        pooled[mean] = (float) (sums[mean] / count);
        pooled[variance] = (float) ((sums[variance] + squares[mean]) / count);
      }
    }
    return pooled;
  }
}
