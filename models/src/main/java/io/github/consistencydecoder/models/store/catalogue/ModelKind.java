package io.github.consistencydecoder.models.store.catalogue;

/** Which network a model is for. */
public enum ModelKind {
  /** The consistency decoder, with or without the VAE encoder beside it. */
  CONSISTENCY_DECODER("consistency-decoder"),
  /** The Stable Diffusion 1.x VAE, decoder and encoder. */
  VAE("vae"),
  /** TAESD, the tiny autoencoder, decoder and encoder. */
  TAESD("taesd");

  private final String text;

  ModelKind(String text) {
    this.text = text;
  }

  /** As the catalogue and the command line write it. */
  @Override
  public String toString() {
    return text;
  }
}
