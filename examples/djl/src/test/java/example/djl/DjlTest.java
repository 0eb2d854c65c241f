package example.djl;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.inference.Predictor;
import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import io.github.consistencydecoder.plugin.DecodeOptions;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Both ways into DJL, with its own model, predictor and arrays. */
class DjlTest {
  /** At this size the exported graph's noise is that of the library's default seed. */
  private static final Shape SHAPE = new Shape(1, 4, 64, 64);

  @Test
  void theLibraryAndTheExportedModelDrawTheSamePicture() throws Exception {
    try (NDManager manager = NDManager.newBaseManager("OnnxRuntime")) {
      NDArray latent = manager.create(values((int) SHAPE.size()), SHAPE);
      List<Image> byCode;
      try (ConsistencyImageDecoder decoder = ConsistencyImageDecoder.open("tiny")) {
        byCode = decoder.decode(latent, DecodeOptions.defaults());
      }
      List<Image> byFile = exported(latent);
      assertThat(byCode).hasSize(1);
      assertThat(byFile).hasSize(1);
      assertThat(byFile.get(0).getWidth()).isEqualTo(512);
      assertThat(worst(byCode.get(0), byFile.get(0))).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void aBatchOfAnySizeIsDecoded() throws Exception {
    try (NDManager manager = NDManager.newBaseManager("OnnxRuntime");
        ConsistencyImageDecoder decoder = ConsistencyImageDecoder.open("tiny")) {
      NDArray latent = manager.create(values(2 * 4 * 3 * 5), new Shape(2, 4, 3, 5));
      for (List<Image> images :
          List.of(decoder.decode(latent, DecodeOptions.defaults()), exported(latent))) {
        assertThat(images).hasSize(2).allMatch(i -> i.getWidth() == 40 && i.getHeight() == 24);
      }
    }
  }

  private static List<Image> exported(NDArray latent) throws Exception {
    Criteria<NDArray, List<Image>> criteria =
        Criteria.builder()
            .setTypes(NDArray.class, listOfImages())
            .optEngine("OnnxRuntime")
            .optModelPath(Path.of(System.getProperty("exported"), "vae_decoder"))
            .optModelName("model")
            .optTranslator(new ExportedDecoderTranslator())
            .build();
    try (ZooModel<NDArray, List<Image>> model = criteria.loadModel();
        Predictor<NDArray, List<Image>> predictor = model.newPredictor()) {
      return predictor.predict(latent);
    }
  }

  @SuppressWarnings("unchecked") // DJL wants a class object, which a parameterised type has not
  private static Class<List<Image>> listOfImages() {
    return (Class<List<Image>>) (Class<?>) List.class;
  }

  private static float[] values(int n) {
    Random random = new Random(1);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Largest difference of a colour, in levels. */
  private static int worst(Image first, Image second) {
    BufferedImage a = (BufferedImage) first.getWrappedImage();
    BufferedImage b = (BufferedImage) second.getWrappedImage();
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
