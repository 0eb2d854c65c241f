package io.github.consistencydecoder.formats.latents;

/** Formats that latents can be written in. */
public enum LatentsFormat {
  /** A tensor {@code latents}; how it came about and its scale in the metadata. */
  SAFETENSORS(".safetensors"),
  /** {@code [N, 4, h, w] float32}; cannot say its scale. */
  NPY(".npy"),
  /** ComfyUI's form; always unscaled. */
  LATENT(".latent");

  private final String ending;

  LatentsFormat(String ending) {
    this.ending = ending;
  }

  /** With the dot. */
  public String ending() {
    return ending;
  }

  /** The format of that ending, one of {@link #ending()}. */
  public static LatentsFormat of(String ending) {
    for (LatentsFormat format : values()) {
      if (format.ending.equals(ending)) {
        return format;
      }
    }
    throw new IllegalArgumentException(ending);
  }
}
