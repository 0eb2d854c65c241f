package io.github.consistencydecoder.formats.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.io.FormatException;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PictureFitTest {
  /** Red tells the column, green the row. */
  private static Picture picture(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        rgb[3 * (y * width + x)] = (byte) x;
        rgb[3 * (y * width + x) + 1] = (byte) y;
      }
    }
    return Picture.takeOver(width, height, rgb);
  }

  private static PictureFit.Fitted fit(PictureFit.Mode fit, Picture picture)
      throws FormatException {
    return new PictureFit(fit, Optional.empty()).apply("a.png", picture);
  }

  private static PictureFit.Fitted fit(PictureFit.Mode fit, String size, Picture picture)
      throws FormatException {
    return new PictureFit(fit, Optional.of(PictureFit.Size.parse(size))).apply("a.png", picture);
  }

  private static void assertRefused(ThrowingCallable fitting, String message) {
    assertThatThrownBy(fitting).isInstanceOf(FormatException.class).hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"CROP", "PAD", "REFUSE"})
  void pictureOfTheRightSizeIsLeftAlone(PictureFit.Mode fit) throws FormatException {
    PictureFit.Fitted fitted = fit(fit, picture(16, 24));

    assertThat(fitted.picture()).isEqualTo(picture(16, 24));
    assertThat(fitted.notes()).isEmpty();
  }

  @Test
  void croppingTakesTheMiddleAndSaysSo() throws FormatException {
    PictureFit.Fitted fitted = fit(PictureFit.Mode.CROP, picture(37, 26));

    assertThat(fitted.picture().toString()).isEqualTo("Picture[32x24]");
    assertThat(fitted.picture().level(0, 0, 0)).isEqualTo(2);
    assertThat(fitted.picture().level(0, 0, 1)).isEqualTo(1);
    assertThat(fitted.notes()).containsExactly("it was cropped from 37x26 to 32x24, its middle");
  }

  @Test
  void paddingRepeatsTheEdgesAndSaysSo() throws FormatException {
    PictureFit.Fitted fitted = fit(PictureFit.Mode.PAD, picture(37, 26));

    Picture padded = fitted.picture();
    assertThat(padded.toString()).isEqualTo("Picture[40x32]");
    // One column before and two behind, three rows above and below.
    assertThat(padded.level(0, 0, 0)).isZero();
    assertThat(padded.level(1, 0, 0)).isZero();
    assertThat(padded.level(2, 3, 0)).isEqualTo(1);
    assertThat(padded.level(39, 3, 0)).isEqualTo(36);
    assertThat(padded.level(5, 2, 1)).isZero();
    assertThat(padded.level(5, 4, 1)).isEqualTo(1);
    assertThat(padded.level(5, 31, 1)).isEqualTo(25);
    assertThat(fitted.notes())
        .containsExactly("it was padded from 37x26 to 40x32 by repeating its edges");
  }

  @Test
  void refusingSaysWhatWouldHelp() throws FormatException {
    assertRefused(
        () -> fit(PictureFit.Mode.REFUSE, picture(37, 26)),
        "a.png: is 37x26 pixels, multiples of 8 are needed; --fit crop or --fit pad makes them");
  }

  @Test
  void pictureSmallerThanACellCannotBeCropped() throws FormatException {
    assertRefused(
        () -> fit(PictureFit.Mode.CROP, picture(7, 20)),
        "a.png: is 7x20 pixels, at least 8x8 are needed; --fit pad or --size enlarges it");
    assertThat(fit(PictureFit.Mode.PAD, picture(7, 20)).picture().toString())
        .isEqualTo("Picture[8x24]");
  }

  @Test
  void sizeIsReachedByCroppingAndScaling() throws FormatException {
    PictureFit.Fitted fitted = fit(PictureFit.Mode.CROP, "16", picture(64, 32));

    assertThat(fitted.picture().toString()).isEqualTo("Picture[16x16]");
    assertThat(fitted.notes())
        .containsExactly(
            "it was cropped from 64x32 to 32x32, its middle", "it was scaled from 32x32 to 16x16");
    assertThat(fitted.picture().level(8, 8, 0)).isBetween(31, 35);
  }

  @Test
  void sizeIsReachedByScalingAndPadding() throws FormatException {
    PictureFit.Fitted fitted = fit(PictureFit.Mode.PAD, "16", picture(64, 32));

    assertThat(fitted.picture().toString()).isEqualTo("Picture[16x16]");
    assertThat(fitted.notes())
        .containsExactly(
            "it was scaled from 64x32 to 16x8",
            "it was padded from 16x8 to 16x16 by repeating its edges");
    assertThat(fitted.picture().level(9, 0, 1)).isEqualTo(fitted.picture().level(9, 4, 1));
  }

  @ParameterizedTest
  @CsvSource({"30, 90, 64x8", "90, 30, 8x64", "3, 200, 16x16", "200, 3, 16x16"})
  void sizeIsReachedFromAnyShape(int width, int height, String size) throws FormatException {
    for (PictureFit.Mode fit : new PictureFit.Mode[] {PictureFit.Mode.CROP, PictureFit.Mode.PAD}) {
      assertThat(fit(fit, size, picture(width, height)).picture().toString())
          .isEqualTo("Picture[" + size + "]");
    }
  }

  @Test
  void narrowPictureIsEnlargedWithoutNeedingMoreMemoryThanTheResult() throws FormatException {
    assertThat(fit(PictureFit.Mode.CROP, "512", picture(30_000, 1)).picture().toString())
        .isEqualTo("Picture[512x512]");
  }

  @Test
  void distortionIsRefused() throws FormatException {
    assertRefused(
        () -> fit(PictureFit.Mode.REFUSE, "16", picture(64, 32)),
        "a.png: is 64x32 pixels, which cannot become 16x16 without distortion; --fit crop or --fit"
            + " pad makes it");
    assertThat(fit(PictureFit.Mode.REFUSE, "16x8", picture(64, 32)).picture().toString())
        .isEqualTo("Picture[16x8]");
  }

  @ParameterizedTest
  @CsvSource({
    "'', is no size",
    "big, is no size",
    "64x, is no size",
    "-64, is no size",
    "100, both sides must be multiples of 8",
    "0, both sides must be multiples of 8",
    "16384x8192, at most",
    "999999, both sides",
    "800000x8, at most"
  })
  void sizeThatMakesNoSenseIsRefused(String text, String message) throws FormatException {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PictureFit.Size.parse(text))
        .withMessageContaining(message);
  }
}
