package io.github.consistencydecoder.core.runtime.vaelight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stand-in gives what another implementation of it gave. */
class VaelightTest {
  private static Path shared(String name) {
    Path path =
        Path.of(System.getProperty("project.root", ".."), "..", "shared", "data", name).normalize();
    assumeTrue(Files.exists(path), () -> "skipped: there is no " + path);
    return path;
  }

  /** {@code [3, H, W]}, levels of 0 to 255. */
  private static float[] levels(Path file) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    int n = image.getWidth() * image.getHeight();
    float[] levels = new float[3 * n];
    for (int i = 0; i < n; i++) {
      int rgb = image.getRGB(i % image.getWidth(), i / image.getWidth());
      for (int c = 0; c < 3; c++) {
        levels[c * n + i] = rgb >> (16 - 8 * c) & 0xff;
      }
    }
    return levels;
  }

  private static float[] npy(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return checkpoint.floats(checkpoint.tensor(Checkpoint.UNNAMED));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gt1", "gt2", "gt3"})
  void latentsAreTheExpectedOnes(String name) throws IOException {
    float[] levels = levels(shared("openai-assets/" + name + ".png"));
    for (int i = 0; i < levels.length; i++) {
      levels[i] = levels[i] / 255 * 2 - 1;
    }
    float[] expected = npy(shared("vaelight/expected/" + name + "_latent.npy"));
    try (LatentEncoder encoder = new VaelightEncoderProvider().open(DecoderConfig.empty())) {
      Latents latents = encoder.encode(Pixels.takeOver(levels, 1, 256, 256));
      float[] values = new float[latents.size()];
      latents.values().get(values);
      assertThat(values).hasSameSizeAs(expected);
      for (int i = 0; i < values.length; i++) {
        assertThat(values[i]).as("value %d", i).isCloseTo(expected[i], within(5e-5f));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gt1", "gt2", "gt3"})
  void picturesAreTheExpectedOnes(String name) throws IOException {
    float[] latent = npy(shared("vaelight/expected/" + name + "_latent.npy"));
    float[] expected = levels(shared("vaelight/expected/" + name + "_roundtrip.png"));
    try (LatentDecoder decoder = new VaelightDecoderProvider().open(DecoderConfig.empty())) {
      byte[] rgb =
          decoder
              .decode(Latents.unscaled(latent, 1, 4, 32, 32), DecodeOptions.defaults())
              .pixels()
              .rgb8(0, Pixels.Rounding.NEAREST);
      int others = 0;
      for (int i = 0; i < rgb.length; i++) {
        float difference = Math.abs((rgb[i] & 0xff) - expected[i % 3 * 65536 + i / 3]);
        // A value on the edge between two levels may fall to either side.
        assertThat(difference).as("byte %d", i).isLessThanOrEqualTo(1);
        others += difference > 0 ? 1 : 0;
      }
      assertThat(others).isLessThan(20);
    }
  }
}
