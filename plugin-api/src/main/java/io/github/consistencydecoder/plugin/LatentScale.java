package io.github.consistencydecoder.plugin;

/**
 * The unit of Stable Diffusion 1.x latents. Confusing the two draws a plausible wrong picture, so a
 * {@link Latents} always says which one it holds.
 */
public enum LatentScale {
  /** What the diffusion UNet leaves: {@code 0.18215 * z}, standard deviation about 1. */
  SCALED,

  /**
   * What a VAE encoder gives and a VAE decoder takes: {@code z}, standard deviation about 4 to 5.
   */
  UNSCALED
}
