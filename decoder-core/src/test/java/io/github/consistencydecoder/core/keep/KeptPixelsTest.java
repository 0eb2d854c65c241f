package io.github.consistencydecoder.core.keep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Pixels;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The expected shares and boxes were computed with NumPy in float64 from the same definition. */
class KeptPixelsTest {
  private static final int HEIGHT = 64;
  private static final int WIDTH = 96;

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "0; 0; 1040.0; 0 0 1 1 1 1 1 1 1 1",
        "2; 0; 835.7439999999992; 0 0 0.2 0.52 0.76 0.92 1 1 1 1",
        "4; 0; 673.3632068282277; 0 0 0.111111111 0.308641975 0.481481481 0.62962963 0.75308642"
            + " 0.851851852 0.925925926 0.975308642",
        "4; 3; 1034.252095717117; 0.308641975 0.481481481 0.62962963 0.75308642 0.851851852"
            + " 0.925925926 0.975308642 1 1 1"
      })
  void sharesAreThoseOfTheReference(int feather, int grow, double sum, String profile) {
    double[] shares = KeptPixels.shares(mask(19, 45, 30, 70), 0, feather, grow);

    assertThat(Arrays.stream(shares).sum()).isCloseTo(sum, within(1e-9));
    double[] expected =
        Arrays.stream(profile.split(" ")).mapToDouble(Double::parseDouble).toArray();
    for (int i = 0; i < expected.length; i++) {
      assertThat(shares[32 * WIDTH + 28 + i])
          .as("column %d", 28 + i)
          .isCloseTo(expected[i], within(5e-10));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 1, 1, 7, 2, 10",
    "0, 0, 2, 0, 8, 1, 11",
    "4, 0, 1, 1, 7, 2, 10",
    "4, 3, 1, 1, 7, 2, 11",
    "4, 3, 2, 0, 8, 1, 12"
  })
  void boxesAreThoseOfTheReference(
      int feather, int grow, int margin, int top, int bottom, int left, int right) {
    Keep keep = new Keep(known(1), mask(19, 45, 30, 70), feather, grow, false);
    Optional<Region> region = KeptPixels.of(keep, 1, 8, 12).region(margin, 0);

    boolean whole = (bottom - top) * (right - left) > 0.7 * 8 * 12;
    assertThat(region)
        .contains(whole ? new Region(0, 8, 0, 12) : new Region(top, bottom, left, right));
  }

  @ParameterizedTest
  @CsvSource({
    "400, 410, 400, 410, 35, 67, 35, 67",
    "0, 8, 0, 8, 0, 32, 0, 32",
    "1016, 1024, 512, 600, 96, 128, 54, 86",
    "0, 1024, 0, 900, 0, 128, 0, 128"
  })
  void aBoxHasAMarginAndAtLeastThirtyTwoCells(
      int y0, int y1, int x0, int x1, int top, int bottom, int left, int right) {
    boolean[] repaint = new boolean[1024 * 1024];
    for (int y = y0; y < y1; y++) {
      Arrays.fill(repaint, y * 1024 + x0, y * 1024 + x1, true);
    }
    Pixels known = Pixels.takeOver(new float[3 * 1024 * 1024], 1, 1024, 1024);
    Keep keep = new Keep(known, Mask.of(repaint, 1, 1024, 1024), 0, 0, false);

    assertThat(KeptPixels.of(keep, 1, 128, 128).region())
        .contains(new Region(top, bottom, left, right));
  }

  @Test
  void knownPixelsComeBackToTheBitAndOthersAreMixed() {
    Pixels known = known(2);
    Keep keep = new Keep(known, mask(19, 45, 30, 70), 4, 0, false);
    KeptPixels kept = KeptPixels.of(keep, 2, 8, 12);
    Region region = new Region(1, 7, 2, 10);
    float[] decoded = new float[2 * 3 * region.height() * region.width() * 64];
    Arrays.fill(decoded, 0.25f);

    float[] out = kept.join(2, decoded, Optional.of(region));

    double[] shares = KeptPixels.shares(keep.mask(), 0, 4, 0);
    for (int i = 0; i < out.length; i++) {
      float k = known.values().get(i);
      double w = shares[i % (HEIGHT * WIDTH)];
      float wanted = w == 0 ? k : (float) (w * 0.25 + (1 - w) * k);
      assertThat(out[i]).as("value %d", i).isEqualTo(wanted);
    }
  }

  @ParameterizedTest
  @CsvSource({"0.25, 0.5, 10, 55", "0.5, -1, 255, 128", "1, 0.2, 7, 153", "0.75, 1, 0, 191"})
  void mixedBytesAreThoseOfTheReference(double w, float y, int k, int expected) {
    Pixels known = Pixels.ofRgb8(new byte[] {(byte) k, (byte) k, (byte) k}, 1, 1, 1);
    float mixed = (float) (w * y + (1 - w) * known.values().get(0));
    byte[] bytes =
        Pixels.takeOver(new float[] {mixed, mixed, mixed}, 1, 1, 1)
            .rgb8(0, Pixels.Rounding.NEAREST);
    assertThat(bytes[0] & 0xFF).isEqualTo(expected);
  }

  @Test
  void anEmptyMaskLeavesNothingToDecode() {
    KeptPixels kept = KeptPixels.of(Keep.of(known(1), mask(0, 0, 0, 0)), 3, 8, 12);

    assertThat(kept.region()).isEmpty();
    assertThat(kept.warnings()).singleElement().asString().contains("nothing to decode");
    assertThat(kept.join(3, null, Optional.empty())).hasSize(3 * 3 * HEIGHT * WIDTH);
  }

  @Test
  void aMaskAllOverIsTheWholePicture() {
    KeptPixels kept = KeptPixels.of(Keep.of(known(1), mask(0, HEIGHT, 0, WIDTH)), 1, 8, 12);

    assertThat(kept.region()).contains(new Region(0, 8, 0, 12));
    assertThat(kept.warnings()).singleElement().asString().contains("covers the whole picture");
    float[] decoded = new float[3 * HEIGHT * WIDTH];
    Arrays.fill(decoded, 0.5f);
    assertThat(kept.join(1, decoded, kept.region())).containsOnly(0.5f);
  }

  @Test
  void otherSizesAndCountsAreRefused() {
    Keep keep = Keep.of(known(2), mask(0, 8, 0, 8));
    assertThatThrownBy(() -> KeptPixels.of(keep, 2, 8, 8))
        .isInstanceOf(DecoderException.class)
        .hasMessage(
            "the known picture has 96x64 pixels, the decoded one 64x64; the same size is needed");
    assertThatThrownBy(() -> KeptPixels.of(keep, 3, 8, 12))
        .isInstanceOf(DecoderException.class)
        .hasMessage("2 known pictures for 3 latents; one, or one each is needed");
    float[] bad = new float[3 * HEIGHT * WIDTH];
    bad[5] = Float.NEGATIVE_INFINITY;
    Keep infinite = Keep.of(Pixels.takeOver(bad, 1, HEIGHT, WIDTH), mask(0, 8, 0, 8));
    assertThatThrownBy(() -> KeptPixels.of(infinite, 1, 8, 12))
        .isInstanceOf(DecoderException.class)
        .hasMessage("the known picture has the value -Infinity; pictures in [-1, 1] are needed");
  }

  @Test
  void aRegionOfLatentsHasItsValues() {
    float[] values = new float[2 * 4 * 8 * 12];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    Latents part = new Region(2, 5, 3, 9).of(Latents.scaled(values, 2, 4, 8, 12));

    assertThat(part.toString()).isEqualTo("Latents[2, 4, 3, 6] scaled");
    assertThat(part.values().get(0)).isEqualTo(2 * 12 + 3);
    assertThat(part.values().get(part.size() - 1)).isEqualTo(7 * 96 + 4 * 12 + 8);
  }

  private static Mask mask(int y0, int y1, int x0, int x1) {
    boolean[] repaint = new boolean[HEIGHT * WIDTH];
    for (int y = y0; y < y1; y++) {
      Arrays.fill(repaint, y * WIDTH + x0, y * WIDTH + x1, true);
    }
    return Mask.of(repaint, 1, HEIGHT, WIDTH);
  }

  private static Pixels known(int batch) {
    byte[] bytes = new byte[batch * 3 * HEIGHT * WIDTH];
    new Random(3).nextBytes(bytes);
    return Pixels.ofRgb8(bytes, batch, HEIGHT, WIDTH);
  }

  @Test
  void bytesOfKnownPixelsSurviveBothRoundings() {
    byte[] bytes = new byte[256 * 3];
    IntStream.range(0, bytes.length).forEach(i -> bytes[i] = (byte) (i / 3));
    Pixels pixels = Pixels.ofRgb8(bytes, 1, 16, 16);
    for (Pixels.Rounding rounding : Pixels.Rounding.values()) {
      assertThat(pixels.rgb8(0, rounding)).isEqualTo(bytes);
    }
  }
}
