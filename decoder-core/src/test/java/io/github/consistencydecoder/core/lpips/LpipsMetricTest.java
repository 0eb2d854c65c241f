package io.github.consistencydecoder.core.lpips;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.core.noise.TorchUniforms;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.PictureMetric;
import io.github.consistencydecoder.plugin.Pixels;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** LPIPS with its published weights, against values that PyTorch computed. */
class LpipsMetricTest {
  /** The expected values have six digits; float32 sums differ in the seventh. */
  private static final double TOLERANCE = 1e-5;

  private static final Path DATA =
      Path.of(System.getProperty("project.root", ".."), "../shared/data");

  @TempDir static Path cache;
  private static PictureMetric metric;
  private static JsonNode expected;

  @BeforeAll
  static void open() {
    Path weights = DATA.resolve("lpips/lpips_squeeze_v0.1.safetensors");
    assumeTrue(Files.exists(weights), () -> "no weights at " + weights + ": LPIPS is not checked");
    metric = new LpipsMetricProvider().open(TestDecoders.config(weights, cache));
    expected = TestDecoders.json(DATA.resolve("lpips/expected.json"));
  }

  @AfterAll
  static void close() {
    if (metric != null) {
      metric.close();
    }
  }

  @Test
  void theDistancesOfThePublishedPicturesAreTheKnownOnes() throws Exception {
    for (int k = 1; k <= 3; k++) {
      for (String decoder : new String[] {"gan", "con"}) {
        String pair = "gt" + k + "_vs_" + decoder + k;
        double distance =
            metric.between(
                picture("openai-assets/gt" + k + ".png"),
                picture("openai-assets/" + decoder + k + ".png"));
        assertThat(distance)
            .as(pair)
            .isCloseTo(
                expected.get("openai_assets").get(pair).get("lpips_squeeze").doubleValue(),
                within(TOLERANCE));
      }
    }
  }

  @Test
  void theLibrarysExamplePicturesHaveTheKnownDistances() throws Exception {
    Pixels reference = picture("lpips/imgs/ex_ref.png");
    for (String name : new String[] {"ex_p0", "ex_p1"}) {
      assertThat(metric.between(reference, picture("lpips/imgs/" + name + ".png")))
          .as(name)
          .isCloseTo(
              expected.get("lpips_example_images").get("ex_ref_vs_" + name).doubleValue(),
              within(TOLERANCE));
    }
  }

  /** At 100x100 two of the poolings reach over the edge. */
  @Test
  void theMeanOverTheBatchOfTheDocumentedExampleIsThePublishedOne() {
    TorchUniforms random = new TorchUniforms(123);
    Pixels a = pixels(random.next(10 * 3 * 100 * 100));
    Pixels b = pixels(random.next(10 * 3 * 100 * 100));
    assertThat(metric.between(a, b)).isCloseTo(0.100791, within(2e-6));
  }

  @Test
  void equalPicturesHaveNoDistanceAndOrderDoesNotMatter() throws Exception {
    Pixels a = picture("lpips/imgs/ex_ref.png");
    Pixels b = picture("lpips/imgs/ex_p0.png");
    assertThat(metric.between(a, a)).isZero();
    assertThat(metric.between(b, a)).isCloseTo(metric.between(a, b), within(1e-7));
  }

  @Test
  void picturesOfDifferentSizeAreRefused() {
    assertRefused(gray(64, 64, 0), gray(64, 72, 0), "[1, 3, 64, 64]", "[1, 3, 64, 72]");
  }

  @Test
  void tooSmallPicturesAreRefusedAndTheSmallestAreNot() {
    assertRefused(gray(31, 64, 0), gray(31, 64, 0.5f), "64x31", "at least 32");
    assertThat(metric.between(gray(32, 33, 0), gray(32, 33, 0.5f))).isFinite();
  }

  @Test
  void aValueThatIsNotFiniteIsRefused() {
    assertRefused(gray(64, 64, 0), gray(64, 64, Float.NaN), "NaN");
  }

  @Test
  void nothingWorksAfterClose() {
    Path weights = DATA.resolve("lpips/lpips_squeeze_v0.1.safetensors");
    PictureMetric other = new LpipsMetricProvider().open(TestDecoders.config(weights, cache));
    assertThat(other.info().digest()).startsWith("sha256:3bc0facd");
    other.close();
    other.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> other.between(gray(64, 64, 0), gray(64, 64, 0)));
  }

  @Test
  void aBackboneWithoutHeadsAndAnotherNetworkAreRefused() {
    DecoderConfig config =
        TestDecoders.config(TestDecoders.resource("goldens/taesd-reduced"), cache);
    assertThatThrownBy(() -> new LpipsMetricProvider().open(config))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.MODEL_UNSUPPORTED))
        .hasMessageContaining("is no LPIPS over SqueezeNet: it looks like TAESD");
  }

  private static void assertRefused(Pixels a, Pixels b, String... words) {
    assertThatThrownBy(() -> metric.between(a, b))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.INVALID_PIXELS))
        .hasMessageContainingAll(words);
  }

  private static Pixels gray(int height, int width, float value) {
    float[] values = new float[3 * height * width];
    java.util.Arrays.fill(values, value);
    return Pixels.takeOver(values, 1, height, width);
  }

  private static Pixels pixels(float[] uniform) {
    for (int i = 0; i < uniform.length; i++) {
      uniform[i] = uniform[i] * 2 - 1;
    }
    return Pixels.takeOver(uniform, 10, 100, 100);
  }

  private static Pixels picture(String name) throws IOException {
    BufferedImage image = ImageIO.read(DATA.resolve(name).toFile());
    int h = image.getHeight();
    int w = image.getWidth();
    float[] values = new float[3 * h * w];
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        int rgb = image.getRGB(x, y);
        for (int c = 0; c < 3; c++) {
          values[(c * h + y) * w + x] = (rgb >> (16 - 8 * c) & 255) / 127.5f - 1;
        }
      }
    }
    return Pixels.takeOver(values, 1, h, w);
  }
}
