package io.github.consistencydecoder.models.network;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Group norms whose statistics are known beforehand: with them, a norm and its affine part are one
 * scale and one shift of each channel.
 *
 * <p>Immutable. Arithmetic is in double precision, rounded once.
 */
public final class FoldedNorms {
  private final ConsistencyNetwork network;

  /** The affine part of each norm, gamma then beta; null where it comes with the timestep. */
  private final Map<String, float[]> affine = new LinkedHashMap<>();

  /** Reads the affine parts that do not depend on the timestep. */
  public FoldedNorms(ConsistencyWeights weights) throws IOException {
    this.network = weights.network();
    for (String norm : network.norms().keySet()) {
      affine.put(norm, ConsistencyNetwork.isConditioned(norm) ? null : own(weights, norm));
    }
  }

  private static float[] own(ConsistencyWeights weights, String norm) throws IOException {
    float[] gamma = weights.checkpoint().floats(weights.tensor(norm + ".weight"));
    float[] beta = weights.checkpoint().floats(weights.tensor(norm + ".bias"));
    float[] both = Arrays.copyOf(gamma, gamma.length + beta.length);
    System.arraycopy(beta, 0, both, gamma.length, beta.length);
    return both;
  }

  /**
   * What a graph with given statistics takes.
   *
   * @param conditioning of the timestep, {@link Conditioning}
   * @param statistics for each norm in order of execution the mean of each group, then the biased
   *     variance of each; {@link ConsistencyNetwork#statisticsLength()} values
   * @return for each norm the scale of each channel, then the shift of each
   */
  public float[] fold(float[] conditioning, float[] statistics) {
    if (statistics.length != network.statisticsLength()) {
      throw new IllegalArgumentException(
          statistics.length
              + " statistics were given, the network's norms have "
              + network.statisticsLength());
    }
    float[] folded = new float[network.normsLength()];
    int at = 0;
    int conditioned = 0;
    int measured = 0;
    for (Map.Entry<String, Integer> norm : network.norms().entrySet()) {
      int channels = norm.getValue();
      float[] own = affine.get(norm.getKey());
      if (own == null) {
        fold(conditioning, conditioned, statistics, measured, channels, folded, at);
        conditioned += 2 * channels;
      } else {
        fold(own, 0, statistics, measured, channels, folded, at);
      }
      measured += 2 * network.groups();
      at += 2 * channels;
    }
    return folded;
  }

  private void fold(
      float[] affine,
      int from,
      float[] statistics,
      int measured,
      int channels,
      float[] folded,
      int at) {
    int groups = network.groups();
    int size = channels / groups;
    for (int c = 0; c < channels; c++) {
      double mean = statistics[measured + c / size];
      double variance = statistics[measured + groups + c / size];
      double scale = affine[from + c] / Math.sqrt(variance + network.epsilon());
      folded[at + c] = (float) scale;
      folded[at + channels + c] = (float) (affine[from + channels + c] - mean * scale);
    }
  }
}
