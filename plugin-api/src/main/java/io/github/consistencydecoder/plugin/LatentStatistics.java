package io.github.consistencydecoder.plugin;

/**
 * Statistics of a set of latent values, computed in double precision over the finite ones.
 *
 * @param mean arithmetic mean; 0 if no value is finite
 * @param standardDeviation population standard deviation; 0 if no value is finite
 * @param min smallest finite value; 0 if there is none
 * @param max largest finite value; 0 if there is none
 * @param nonFinite number of NaN and infinite values
 */
public record LatentStatistics(
    double mean, double standardDeviation, double min, double max, long nonFinite) {
  static LatentStatistics of(float[] values) {
    double sum = 0;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    long bad = 0;
    for (float v : values) {
      if (Float.isFinite(v)) {
        sum += v;
        min = Math.min(min, v);
        max = Math.max(max, v);
      } else {
        bad++;
      }
    }
    long n = values.length - bad;
    if (n == 0) {
      return new LatentStatistics(0, 0, 0, 0, bad);
    }
    double mean = sum / n;
    double squares = 0;
    for (float v : values) {
      if (Float.isFinite(v)) {
        squares += (v - mean) * (v - mean);
      }
    }
    return new LatentStatistics(mean, Math.sqrt(squares / n), min, max, bad);
  }
}
