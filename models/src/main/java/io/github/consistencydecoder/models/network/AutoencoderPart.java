package io.github.consistencydecoder.models.network;

/** A half of an autoencoder. */
public enum AutoencoderPart {
  /** Latents to pixels. */
  DECODER("decoder."),
  /** Pixels to latents. */
  ENCODER("encoder.");

  private final String prefix;

  AutoencoderPart(String prefix) {
    this.prefix = prefix;
  }

  /** What the names of its tensors start with in the diffusers naming. */
  public String prefix() {
    return prefix;
  }

  /** {@code decoder} or {@code encoder}. */
  public String word() {
    return prefix.substring(0, prefix.length() - 1);
  }
}
