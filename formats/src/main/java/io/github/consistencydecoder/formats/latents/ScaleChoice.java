package io.github.consistencydecoder.formats.latents;

/** {@code --latents}: what the person says the latents are. */
public enum ScaleChoice {
  /** As the UNet leaves them. */
  SCALED,
  /** As a VAE takes them. */
  UNSCALED,
  /** What the file states, else what the statistics suggest. */
  AUTO
}
