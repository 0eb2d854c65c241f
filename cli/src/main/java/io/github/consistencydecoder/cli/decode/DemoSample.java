package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.latents.ScaleChoice;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * What comes with the program to be decoded, a cat: the centre 448x296 pixels of chelsea.png of
 * scikit-image, by Stefan van der Walt, CC0, and the latents that a small approximation of the SD
 * 1.x encoder makes of them. Made by {@code cli/src/demo/make_demo_latents.py}.
 */
public final class DemoSample {
  private static final String LATENTS = "chelsea.safetensors";
  private static final String PHOTOGRAPH = "chelsea.png";

  private DemoSample() {}

  /** One latent. */
  public static Latents latents() throws IOException {
    try (InputStream in = open(LATENTS)) {
      return LatentsFile.read(Path.of(LATENTS), in, ScaleChoice.AUTO, null, null).latents();
    }
  }

  /** What the latents were made from. */
  static Picture photograph() throws IOException {
    try (InputStream in = open(PHOTOGRAPH)) {
      return new PictureReader().read(PHOTOGRAPH, in.readAllBytes()).picture();
    }
  }

  private static InputStream open(String name) {
    return DemoSample.class.getResourceAsStream(name);
  }
}
