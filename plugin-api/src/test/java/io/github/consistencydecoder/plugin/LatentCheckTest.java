package io.github.consistencydecoder.plugin;

import static io.github.consistencydecoder.plugin.LatentScale.SCALED;
import static io.github.consistencydecoder.plugin.LatentScale.UNSCALED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatentCheckTest {
  @ParameterizedTest
  @CsvSource({"SCALED, 1.0", "SCALED, 0.5", "SCALED, 1.8", "UNSCALED, 2.9", "UNSCALED, 9.8"})
  void ordinaryLatentsDrawNoWarning(LatentScale scale, double deviation) {
    assertThat(LatentCheck.check(normal(scale, 0.1, deviation))).isEmpty();
  }

  @Test
  void scaledLatentsDeclaredUnscaledAreWarnedOf() {
    assertThat(LatentCheck.check(normal(UNSCALED, 0, 1)))
        .singleElement()
        .asString()
        .matches(
            "the latents were declared unscaled but have standard deviation [01]\\.\\d\\d, where"
                + " about 4 to 5 is usual: they look scaled; unless the picture is flat, declare"
                + " them so \\(Latents.scaled, --latents scaled\\)");
  }

  @Test
  void unscaledLatentsDeclaredScaledAreWarnedOf() {
    assertThat(LatentCheck.check(normal(SCALED, 0, 5)))
        .singleElement()
        .asString()
        .matches(
            "the latents were declared scaled but have standard deviation [45]\\.\\d\\d, where"
                + " about 1 is usual: they look unscaled; if so, declare them so"
                + " \\(Latents.unscaled, --latents unscaled\\)");
  }

  @Test
  void latentsDividedTwiceAreWarnedOf() {
    assertThat(LatentCheck.check(normal(UNSCALED, 0, 27)))
        .singleElement()
        .asString()
        .contains("divided by 0.18215 twice");
  }

  @Test
  void latentsMultipliedTwiceAreWarnedOf() {
    assertThat(LatentCheck.check(normal(SCALED, 0, 0.18)))
        .singleElement()
        .asString()
        .contains("multiplied by 0.18215 twice", "unless the picture is flat");
  }

  @Test
  void aChannelFarFromThoseOfStableDiffusionIsWarnedOf() {
    float[] values = values(1024, 0, 1);
    for (int i = 512; i < 768; i++) {
      values[i] += 5.6f;
    }
    assertThat(LatentCheck.check(Latents.scaled(values, 1, 4, 16, 16)))
        .singleElement()
        .asString()
        .matches(
            "channel 2 of the latents has mean 5\\.\\d\\d and standard deviation \\d\\.\\d\\d in"
                + " scaled units, where 0.07 and 0.76 are usual: they may be of another model"
                + " family than Stable Diffusion 1.x \\(SDXL, for example\\), which this decoder"
                + " cannot draw");
  }

  @Test
  void aChannelFarTooWideIsWarnedOfInUnscaledLatentsToo() {
    float[] values = values(1024, 0, 3);
    for (int i = 0; i < 256; i++) {
      values[i] *= 9;
    }
    assertThat(LatentCheck.check(Latents.unscaled(values, 1, 4, 16, 16)))
        .singleElement()
        .asString()
        .startsWith("channel 0 of the latents has mean ");
  }

  /** Black as the SD 1.x encoder has it: channels far from their means, no spread within. */
  @Test
  void aFlatBlackPictureIsInnocent() {
    float[] values = new float[1024];
    float[] black = {-1.55f, -2.8f, 0.86f, 1.27f};
    for (int i = 0; i < values.length; i++) {
      values[i] = black[i / 256];
    }
    Latents latents = Latents.scaled(values, 1, 4, 16, 16);
    assertThat(LatentCheck.check(latents)).isEmpty();
    assertThat(LatentCheck.check(latents.to(UNSCALED))).isEmpty();
  }

  @Test
  void aSingleCellIsNotJudged() {
    assertThat(LatentCheck.check(Latents.unscaled(new float[4], 1, 4, 1, 1))).isEmpty();
  }

  @Test
  void valuesThatAreNotFiniteAreRefusedWithTheirPlace() {
    float[] values = values(2 * 4 * 3 * 5, 0, 1);
    values[60 + 2 * 15 + 5 + 4] = Float.NaN;
    values[119] = Float.POSITIVE_INFINITY;
    assertInvalid(
        Latents.scaled(values, 2, 4, 3, 5),
        "Latents[2, 4, 3, 5] scaled: 2 of 120 values are NaN or infinite, the first (NaN) at"
            + " [1, 2, 1, 4]; the diffusion that made them has overflowed, half precision is the"
            + " usual cause");
  }

  @Test
  void valuesBeyondAnyLatentsAreRefused() {
    float[] values = values(1024, 0, 5);
    values[7] = -12345f;
    assertInvalid(
        Latents.unscaled(values, 1, 4, 16, 16),
        "Latents[1, 4, 16, 16] unscaled: values reach 1.23e+04, those of Stable Diffusion 1.x"
            + " latents stay within about 50; the data may be of another type or byte order, or not"
            + " be latents");
  }

  @Test
  void theLimitOfScaledValuesIsInTheirOwnUnit() {
    float[] values = values(1024, 0, 1);
    values[7] = 1800f;
    LatentCheck.check(Latents.scaled(values, 1, 4, 16, 16));
    values[7] = 1900f;
    assertInvalid(
        Latents.scaled(values, 1, 4, 16, 16),
        "Latents[1, 4, 16, 16] scaled: values reach 1.90e+03, those of Stable Diffusion 1.x latents"
            + " stay within about 9; the data may be of another type or byte order, or not be"
            + " latents");
  }

  @Test
  void picturesThatNoArrayHoldsAreRefused() {
    int side = 3345;
    assertInvalid(
        Latents.scaled(new float[4 * side * side], 1, 4, side, side),
        "Latents[1, 4, 3345, 3345] scaled: the pictures would have 2148292800 values, more than an"
            + " array of 2^31 - 1 holds; decode fewer at a time");
  }

  private static void assertInvalid(Latents latents, String message) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(() -> LatentCheck.check(latents))
        .withMessage(message)
        .extracting(DecoderException::code)
        .isEqualTo(DecoderErrorCode.INVALID_LATENTS);
  }

  private static Latents normal(LatentScale scale, double mean, double deviation) {
    return Latents.of(scale, values(1024, mean, deviation), 1, 4, 16, 16);
  }

  private static float[] values(int n, double mean, double deviation) {
    Random random = new Random(20);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return values;
  }
}
