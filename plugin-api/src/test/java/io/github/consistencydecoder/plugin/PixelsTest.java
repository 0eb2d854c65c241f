package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.consistencydecoder.plugin.Pixels.Rounding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PixelsTest {
  /** Columns: value, its level by PyTorch's rounding, its level truncated by OpenAI's formula. */
  @ParameterizedTest
  @CsvSource({
    "-3, 0, 0",
    "-1, 0, 0",
    "-0.999, 0, 0",
    "-0.5, 64, 63",
    "-0.2, 102, 102",
    "0.1, 140, 140",
    "0.3333, 170, 169",
    "0.5, 191, 191",
    "0.9, 242, 242",
    "0.996, 254, 254",
    "0.998, 255, 254",
    "1, 255, 255",
    "1.5, 255, 255",
    "Infinity, 255, 255",
    "-Infinity, 0, 0",
    "NaN, 0, 0"
  })
  void levelsAreThoseOfTheReferences(float value, int nearest, int truncated) {
    assertThat(level(value, Rounding.NEAREST)).isEqualTo(nearest);
    assertThat(level(value, Rounding.TRUNCATE)).isEqualTo(truncated);
  }

  /** Values that float32 arithmetic brings to exactly half a level. */
  @ParameterizedTest
  @CsvSource({
    "-0.4941176474094391, 64",
    "-0.00784314051270485, 126",
    "0, 128",
    "0.007843134924769402, 128",
    "0.5725489854812622, 200",
    "0.9882351756095886, 254",
    "0.996078372001648, 254"
  })
  void halvesGoToTheEvenLevel(float value, int level) {
    assertThat(level(value, Rounding.NEAREST)).isEqualTo(level);
  }

  @ParameterizedTest
  @EnumSource(Rounding.class)
  void everyLevelThatWasRoundedComesBack(Rounding rounding) {
    for (int level = 0; level < 256; level++) {
      // Half a level up when truncating, so that the last bit of the float does not decide.
      double up = rounding == Rounding.TRUNCATE ? 0.5 : 0;
      assertThat(level((float) ((level + up) / 127.5 - 1), rounding)).isEqualTo(level);
    }
  }

  @Test
  void channelsBecomeInterleavedAndPicturesStayApart() {
    float[] values = new float[2 * 3 * 2 * 2];
    for (int i = 0; i < values.length; i++) {
      values[i] = i / 127.5f - 1;
    }
    Pixels pixels = Pixels.takeOver(values, 2, 2, 2);
    assertThat(pixels.rgb8(0, Rounding.NEAREST))
        .containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
    assertThat(pixels.rgb8(1, Rounding.NEAREST))
        .containsExactly(12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23);
  }

  @Test
  void pixelsSayWhatTheyHold() {
    Pixels pixels = Pixels.takeOver(new float[2 * 3 * 4 * 5], 2, 4, 5);
    assertThat(pixels.batch()).isEqualTo(2);
    assertThat(pixels.height()).isEqualTo(4);
    assertThat(pixels.width()).isEqualTo(5);
    assertThat(pixels.values().remaining()).isEqualTo(120);
    assertThat(pixels.values().isReadOnly()).isTrue();
    assertThat(pixels).hasToString("Pixels[2, 3, 4, 5]");
  }

  @Test
  void aSizeThatDoesNotFitIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pixels.takeOver(new float[11], 1, 2, 2))
        .withMessage("pixels [1, 3, 2, 2] do not have 11 values");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pixels.takeOver(new float[12], -1, 2, -2));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1})
  void picturesOutsideTheBatchAreRefused(int index) {
    Pixels pixels = Pixels.takeOver(new float[3], 1, 1, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> pixels.rgb8(index, Rounding.NEAREST))
        .withMessage("index " + index + " is outside a batch of 1");
  }

  @Test
  void nullsAreRefused() {
    assertThatNullPointerException()
        .isThrownBy(() -> Pixels.takeOver(null, 1, 1, 1))
        .withMessage("values");
    assertThatNullPointerException()
        .isThrownBy(() -> Pixels.takeOver(new float[3], 1, 1, 1).rgb8(0, null))
        .withMessage("rounding");
  }

  private static int level(float value, Rounding rounding) {
    Pixels pixels = Pixels.takeOver(new float[] {value, 0, 0}, 1, 1, 1);
    return Byte.toUnsignedInt(pixels.rgb8(0, rounding)[0]);
  }

  @Test
  void theFirstValueThatIsNotFiniteIsFound() {
    float[] values = {0, 1, Float.NaN, Float.POSITIVE_INFINITY, 0, 0};
    assertThat(Pixels.takeOver(values, 1, 1, 2).firstNotFinite()).hasValue(2);
    assertThat(Pixels.takeOver(new float[6], 1, 1, 2).firstNotFinite()).isEmpty();
  }
}
