package io.github.consistencydecoder.core.noise;

/** What {@code torch.manual_seed(seed); torch.rand(n)} gives on a CPU, call after call. */
public final class TorchUniforms {
  private final TorchCpuGenerator.MersenneTwister words;

  /** A generator of that seed. */
  public TorchUniforms(long seed) {
    words = new TorchCpuGenerator.MersenneTwister(seed);
  }

  /** The next {@code n} values, in {@code [0, 1)}. */
  public float[] next(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = words.nextFloat();
    }
    return values;
  }
}
