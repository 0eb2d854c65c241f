package io.github.consistencydecoder.cli.demo;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A cat: the centre 448x296 pixels of chelsea.png of scikit-image, by Stefan van der Walt, CC0, and
 * the latents that a small approximation of the SD 1.x encoder makes of them. Made by {@code
 * cli/src/demo/make_demo_latents.py}.
 */
public final class Sample {
  private static final String LATENTS = "chelsea.safetensors";
  private static final String PHOTOGRAPH = "chelsea.png";

  private Sample() {}

  /** Writes the latents into a file, replacing what is there. */
  public static void copyLatents(Path file) throws IOException {
    try (InputStream in = open(LATENTS)) {
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** What the latents were made from. */
  public static Picture photograph() throws IOException {
    try (InputStream in = open(PHOTOGRAPH)) {
      return new PictureReader().read(PHOTOGRAPH, in.readAllBytes()).picture();
    }
  }

  private static InputStream open(String name) {
    return Sample.class.getResourceAsStream(name);
  }
}
