package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;

/**
 * The timestep's part of the network, evaluated once at vector length: a block's second norm is
 * followed by {@code * (1 + scale) + shift}, which is the same norm with {@code gamma' = gamma (1 +
 * scale)} and {@code beta' = beta (1 + scale) + shift}.
 *
 * <p>Everything is computed in double precision and rounded once.
 */
public final class Conditioning {
  private Conditioning() {}

  /**
   * The packed conditioning of one timestep.
   *
   * @param timestep a row of the time table
   * @return for each block in order of execution {@code gamma'} then {@code beta'}; {@link
   *     ConsistencyNetwork#conditioningLength()} values
   */
  public static float[] of(ConsistencyWeights weights, int timestep) throws IOException {
    ConsistencyNetwork network = weights.network();
    if (timestep < 0 || timestep >= network.timesteps()) {
      throw new IllegalArgumentException(
          "timestep " + timestep + " is outside the network's 0 .. " + (network.timesteps() - 1));
    }
    double[] embedding = silu(embedding(weights, timestep));
    float[] packed = new float[network.conditioningLength()];
    int at = 0;
    for (Block b : network.blocks()) {
      double[] projected = linear(weights, b.name() + ".time_emb_proj", embedding);
      float[] gamma = floats(weights, b.name() + ".norm2.weight");
      float[] beta = floats(weights, b.name() + ".norm2.bias");
      int n = b.out();
      for (int c = 0; c < n; c++) {
        packed[at + c] = (float) (gamma[c] * (1 + projected[c]));
        packed[at + n + c] = (float) (beta[c] * (1 + projected[c]) + projected[n + c]);
      }
      at += 2 * n;
    }
    return packed;
  }

  private static double[] embedding(ConsistencyWeights weights, int timestep) throws IOException {
    int width = weights.network().widths().get(0);
    float[] table = floats(weights, "time_proj.weight");
    double[] row = new double[width];
    for (int i = 0; i < width; i++) {
      row[i] = table[timestep * width + i];
    }
    return linear(
        weights, "time_embedding.linear_2", silu(linear(weights, "time_embedding.linear_1", row)));
  }

  private static double[] linear(ConsistencyWeights weights, String name, double[] x)
      throws IOException {
    float[] w = floats(weights, name + ".weight");
    float[] bias = floats(weights, name + ".bias");
    double[] y = new double[bias.length];
    for (int o = 0; o < y.length; o++) {
      double sum = bias[o];
      int row = o * x.length;
      for (int i = 0; i < x.length; i++) {
        sum += x[i] * w[row + i];
      }
      y[o] = sum;
    }
    return y;
  }

  private static double[] silu(double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] / (1 + Math.exp(-x[i]));
    }
    return y;
  }

  private static float[] floats(ConsistencyWeights weights, String name) throws IOException {
    TensorInfo t = weights.tensor(name);
    return weights.checkpoint().floats(t);
  }
}
