package io.github.consistencydecoder.core.export;

/** Parts that can be exported. */
public enum ExportPart {
  /** The consistency decoder with its sampler. */
  CONSISTENCY_DECODER("consistency", "the consistency decoder", "tiny", true),
  /** The decoder of the Stable Diffusion 1.x VAE. */
  VAE_DECODER("vae", "the VAE decoder", "sd-vae-ft-mse", true),
  /** TAESD's decoder. */
  TAESD_DECODER("taesd", "TAESD's decoder", "taesd", true),
  /** The encoder of the Stable Diffusion 1.x VAE. */
  VAE_ENCODER("vae", "the VAE encoder", "sd-vae-ft-mse", false);

  private final String provider;
  private final String thing;
  private final String defaultModel;
  private final boolean decoder;

  ExportPart(String provider, String thing, String defaultModel, boolean decoder) {
    this.provider = provider;
    this.thing = thing;
    this.defaultModel = defaultModel;
    this.decoder = decoder;
  }

  /** Name of the provider that runs the same in process. */
  public String provider() {
    return provider;
  }

  /** Whether it decodes. */
  public boolean decoder() {
    return decoder;
  }

  /** The name that a pipeline gives its folder. */
  public String folder() {
    return decoder ? "vae_decoder" : "vae_encoder";
  }

  String thing() {
    return thing;
  }

  String defaultModel() {
    return defaultModel;
  }
}
