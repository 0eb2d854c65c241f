package io.github.consistencydecoder.testing;

import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.util.Random;

/** Made-up latents with the statistics of real ones, or not. */
public final class SampleLatents {
  private SampleLatents() {}

  /** Scaled latents with standard deviation about 1, {@code [batch, 4, height, width]}. */
  public static Latents scaled(long seed, int batch, int height, int width) {
    float[] values = normal(seed, batch * Latents.CHANNELS * height * width, 0, 1);
    return Latents.scaled(values, batch, Latents.CHANNELS, height, width);
  }

  /** {@code [1, 4, 16, 16]} normal values of that mean and standard deviation. */
  public static Latents normal(LatentScale scale, double mean, double deviation) {
    return Latents.of(scale, values(1024, mean, deviation), 1, 4, 16, 16);
  }

  /** Normal values of that mean and standard deviation, the same every time. */
  public static float[] values(int count, double mean, double deviation) {
    return normal(20, count, mean, deviation);
  }

  /** Values like those of scaled latents. */
  public static float[] values(int count, long seed) {
    return normal(seed, count, 0, 0.9);
  }

  /** The same in a VAE's unit. */
  public static float[] unscaled(float[] scaled) {
    float[] out = new float[scaled.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = scaled[i] / 0.18215f;
    }
    return out;
  }

  private static float[] normal(long seed, int count, double mean, double deviation) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return values;
  }
}
