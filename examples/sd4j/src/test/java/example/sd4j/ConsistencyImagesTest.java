package example.sd4j;

import static org.assertj.core.api.Assertions.assertThat;

import com.oracle.labs.mlrg.sd4j.FloatTensor;
import com.oracle.labs.mlrg.sd4j.VAEDecoder;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against sd4j's own classes, with the exported folder in the place of its VAE's. */
class ConsistencyImagesTest {
  /** At this size the exported graph's noise is that of the library's default seed. */
  private static final long[] SHAPE = {1, 4, 64, 64};

  private static final Path EXPORTED = Path.of(System.getProperty("exported"), "vae_decoder");

  @Test
  void bothSwapsDrawTheSamePicture() throws Exception {
    FloatTensor tensor = tensor();
    BufferedImage byCode;
    try (ConsistencyImages images = ConsistencyImages.open("tiny")) {
      byCode = images.decode(tensor, DecodeOptions.defaults()).get(0);
    }
    List<BufferedImage> byFile;
    try (VAEDecoder vae = new VAEDecoder(EXPORTED.resolve("model.onnx"))) {
      byFile = vae.decodeToBufferedImage(tensor, VAEDecoder.SD_LATENT_SCALAR);
    }
    assertThat(byFile).hasSize(1);
    assertThat(worst(byCode, byFile.get(0))).isLessThanOrEqualTo(1);
  }

  @Test
  void latentsAreACopyThatSd4jCannotScale() throws Exception {
    FloatTensor tensor = tensor();
    float first = tensor.buffer().get(0);
    Latents latents = ConsistencyImages.latents(tensor);
    try (VAEDecoder vae = new VAEDecoder(EXPORTED.resolve("model.onnx"))) {
      vae.decoder(tensor, VAEDecoder.SD_LATENT_SCALAR);
    }
    assertThat(tensor.buffer().get(0)).as("sd4j scales in place").isNotEqualTo(first);
    assertThat(latents.values().get(0)).isEqualTo(first);
    assertThat(latents.scale()).isEqualTo(LatentScale.SCALED);
  }

  private static FloatTensor tensor() {
    FloatTensor tensor = new FloatTensor(SHAPE);
    Random random = new Random(1);
    for (int i = 0; i < tensor.buffer().capacity(); i++) {
      tensor.buffer().put(i, (float) random.nextGaussian());
    }
    return tensor;
  }

  /** Largest difference of a colour, in levels. */
  private static int worst(BufferedImage a, BufferedImage b) {
    int worst = 0;
    for (int y = 0; y < a.getHeight(); y++) {
      for (int x = 0; x < a.getWidth(); x++) {
        for (int shift = 0; shift <= 16; shift += 8) {
          int difference = (a.getRGB(x, y) >> shift & 0xff) - (b.getRGB(x, y) >> shift & 0xff);
          worst = Math.max(worst, Math.abs(difference));
        }
      }
    }
    return worst;
  }
}
