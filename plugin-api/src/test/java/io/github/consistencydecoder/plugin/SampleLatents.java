package io.github.consistencydecoder.plugin;

import java.util.Random;

/** Made-up latents with the statistics of real ones, or not. */
public final class SampleLatents {
  private SampleLatents() {}

  /** {@code [1, 4, 16, 16]} normal values of that mean and standard deviation. */
  public static Latents normal(LatentScale scale, double mean, double deviation) {
    return Latents.of(scale, values(1024, mean, deviation), 1, 4, 16, 16);
  }

  /** Normal values of that mean and standard deviation. */
  public static float[] values(int n, double mean, double deviation) {
    Random random = new Random(20);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return values;
  }
}
