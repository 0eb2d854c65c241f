package io.github.consistencydecoder.cli.output;

/** Formats that a decode can be written in. */
public enum PictureFormat {
  /** 8-bit RGB, one file a picture, parameters in text chunks. */
  PNG(".png", false),
  /** {@code [N, 3, H, W] float32}, nominally in {@code [-1, 1]}. */
  NPY(".npy", true),
  /** The same in a tensor {@code pixels}, parameters in the metadata. */
  SAFETENSORS(".safetensors", true);

  private final String suffix;
  private final boolean wholeBatch;

  PictureFormat(String suffix, boolean wholeBatch) {
    this.suffix = suffix;
    this.wholeBatch = wholeBatch;
  }

  /** With the dot. */
  public String suffix() {
    return suffix;
  }

  /** Whether one file holds all pictures of a batch. */
  boolean wholeBatch() {
    return wholeBatch;
  }

  /** The format of that ending, one of {@link #suffix()}. */
  static PictureFormat of(String suffix) {
    for (PictureFormat format : values()) {
      if (format.suffix.equals(suffix)) {
        return format;
      }
    }
    throw new IllegalArgumentException(suffix);
  }
}
