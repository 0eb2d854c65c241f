package io.github.consistencydecoder.core.sampler;

import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;

/** Latents to the features that the consistency network takes. */
public final class LatentTransform {
  /** The {@code scaling_factor} of SD 1.x as it is written there, not rounded to float32. */
  private static final double SCALING_FACTOR = 0.18215;

  private LatentTransform() {}

  /**
   * The same for a graph: what each channel of an unscaled latent is multiplied by before {@link
   * #offsets()} are added, {@code [4]}.
   */
  public static float[] factors() {
    float[] factors = new float[Latents.CHANNELS];
    for (int c = 0; c < factors.length; c++) {
      factors[c] = (float) (SCALING_FACTOR / LatentCheck.usualDeviation(c));
    }
    return factors;
  }

  /** What is added to each channel after {@link #factors()}, {@code [4]}. */
  public static float[] offsets() {
    float[] offsets = new float[Latents.CHANNELS];
    for (int c = 0; c < offsets.length; c++) {
      offsets[c] = (float) (-LatentCheck.usualMean(c) / LatentCheck.usualDeviation(c));
    }
    return offsets;
  }

  /**
   * Normalises each channel: {@code (x - mean[c]) / std[c]} of the scaled latent {@code x}, or of
   * {@code x = 0.18215 z} where the latents are unscaled.
   *
   * <p>Computed in double precision and rounded once. diffusers rounds to float32 after each
   * operation, which differs by at most 1e-6 of the larger of 1 and the value.
   *
   * @param latents borrowed
   * @return {@code [N, 4, h, w] float32, row-major}, a new array
   */
  public static float[] features(Latents latents) {
    FloatBuffer values = latents.values();
    float[] features = new float[values.limit()];
    int plane = latents.height() * latents.width();
    double factor = latents.scale() == LatentScale.SCALED ? 1 : SCALING_FACTOR;
    for (int start = 0; start < features.length; start += plane) {
      int c = start / plane % Latents.CHANNELS;
      double mean = LatentCheck.usualMean(c);
      double deviation = LatentCheck.usualDeviation(c);
      for (int i = start; i < start + plane; i++) {
        features[i] = (float) ((factor * values.get(i) - mean) / deviation);
      }
    }
    return features;
  }
}
