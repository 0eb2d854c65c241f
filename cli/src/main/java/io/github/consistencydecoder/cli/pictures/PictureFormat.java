package io.github.consistencydecoder.cli.pictures;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What a decode can be written as. */
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

  /** The format that a file's name asks for. */
  static Optional<PictureFormat> ofName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    for (PictureFormat format : values()) {
      if (name.endsWith(format.suffix)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }
}
