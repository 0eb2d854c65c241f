package io.github.consistencydecoder.core.bands;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * Mean and sum of squared differences from it of each plane of a tensor, gathered band by band in
 * double precision (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
 * computing sample variances", 1979). Squares are never taken of values that a large mean has been
 * left in, so nothing cancels.
 *
 * <p>Not for use by several threads.
 */
final class PlaneStatistics {
  private final double[] mean;
  private final double[] squares;
  private long count;

  PlaneStatistics(int channels) {
    this.mean = new double[channels];
    this.squares = new double[channels];
  }

  /**
   * Adds a band.
   *
   * @param values of each plane of it
   * @param bandMean by channel
   * @param bandSquares by channel, sums of squared differences from {@code bandMean}
   */
  void add(long values, FloatBuffer bandMean, FloatBuffer bandSquares) {
    long total = count + values;
    double share = (double) values / total;
    for (int c = 0; c < mean.length; c++) {
      double delta = bandMean.get(c) - mean[c];
      mean[c] += delta * share;
      squares[c] += bandSquares.get(c) + delta * delta * count * share;
    }
    count = total;
  }

  /**
   * A group norm over tensors of one size, as a scale and a shift of each channel.
   *
   * @param sources whose channels lie below one another; a group may reach over several
   * @param gamma its weight
   * @param beta its bias
   * @param scale receives one value a channel
   * @param shift receives one value a channel
   */
  static void norm(
      List<PlaneStatistics> sources,
      int groups,
      float epsilon,
      float[] gamma,
      float[] beta,
      FloatBuffer scale,
      FloatBuffer shift) {
    int channels = gamma.length;
    double[] mean = new double[channels];
    double[] squares = new double[channels];
    int at = 0;
    for (PlaneStatistics s : sources) {
      System.arraycopy(s.mean, 0, mean, at, s.mean.length);
      System.arraycopy(s.squares, 0, squares, at, s.squares.length);
      at += s.mean.length;
    }
    long count = sources.get(0).count;
    int size = channels / groups;
    for (int first = 0; first < channels; first += size) {
      double groupMean = 0;
      for (int c = first; c < first + size; c++) {
        groupMean += mean[c] / size;
      }
      double variance = 0;
      for (int c = first; c < first + size; c++) {
        double delta = mean[c] - groupMean;
        variance += (squares[c] / count + delta * delta) / size;
      }
      double inverse = 1 / Math.sqrt(variance + epsilon);
      for (int c = first; c < first + size; c++) {
        scale.put(c, (float) (gamma[c] * inverse));
        shift.put(c, (float) (beta[c] - groupMean * gamma[c] * inverse));
      }
    }
  }
}
