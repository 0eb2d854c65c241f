package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LatentsTest {
  @Test
  void latentsSayWhatTheyHold() {
    Latents latents = Latents.unscaled(counting(2 * 4 * 3 * 5), 2, 4, 3, 5);
    assertThat(latents.scale()).isEqualTo(LatentScale.UNSCALED);
    assertThat(latents.batch()).isEqualTo(2);
    assertThat(latents.height()).isEqualTo(3);
    assertThat(latents.width()).isEqualTo(5);
    assertThat(latents.size()).isEqualTo(120);
    assertThat(array(latents)).isEqualTo(counting(120));
    assertThat(latents).hasToString("Latents[2, 4, 3, 5] unscaled");
    assertThat(Latents.scaled(new float[4], 1, 4, 1, 1).scale()).isEqualTo(LatentScale.SCALED);
  }

  @Test
  void valuesAreCopied() {
    float[] values = counting(4);
    Latents latents = Latents.scaled(values, 1, 4, 1, 1);
    values[0] = 99;
    assertThat(array(latents)).isEqualTo(counting(4));
  }

  @Test
  void valuesCannotBeWrittenAndTheirPositionIsTheReadersOwn() {
    Latents latents = Latents.scaled(counting(4), 1, 4, 1, 1);
    FloatBuffer values = latents.values();
    assertThat(values.isReadOnly()).isTrue();
    values.get();
    assertThat(latents.values().position()).isZero();
  }

  @Test
  void scalesConvertByTheScalingFactor() {
    Latents unscaled = Latents.unscaled(new float[] {0, 1, -2, 10}, 1, 4, 1, 1);
    Latents scaled = unscaled.to(LatentScale.SCALED);
    assertThat(scaled.scale()).isEqualTo(LatentScale.SCALED);
    assertThat(array(scaled))
        .containsExactly(new float[] {0f, 0.18215f, -0.3643f, 1.8215f}, within(1e-6f));
    Latents back = scaled.to(LatentScale.UNSCALED);
    assertThat(back.scale()).isEqualTo(LatentScale.UNSCALED);
    assertThat(array(back)).containsExactly(array(unscaled), within(1e-6f));
    assertThat(unscaled.to(LatentScale.UNSCALED)).isSameAs(unscaled);
  }

  @Test
  void oneLatentOfABatchKeepsScaleAndShape() {
    Latents second = Latents.unscaled(counting(2 * 4 * 3 * 5), 2, 4, 3, 5).image(1);
    assertThat(second).hasToString("Latents[1, 4, 3, 5] unscaled");
    assertThat(array(second)[0]).isEqualTo(60f);
    assertThat(array(second)[59]).isEqualTo(119f);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 2})
  void latentsOutsideTheBatchAreRefused(int index) {
    Latents latents = Latents.scaled(new float[8], 2, 4, 1, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> latents.image(index))
        .withMessage("index " + index + " is outside a batch of 2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "16 | 4,2,2 | latents of shape [4, 2, 2]: 4 dimensions [N, 4, h, w] are needed",
        "0 | 1,4,0,2 | latents of shape [1, 4, 0, 2]: every dimension must be at least 1",
        "64 | 1,16,2,2 | latents of shape [1, 16, 2, 2]: 4 channels are needed; 16 are those of"
            + " Stable Diffusion 3 or Flux, which this decoder was not made for",
        "12 | 1,3,2,2 | latents of shape [1, 3, 2, 2]: 4 channels are needed; 3 look like an image,"
            + " not like latents: encode it first",
        "256 | 1,8,8,4 | latents of shape [1, 8, 8, 4]: 4 channels are needed; the last dimension"
            + " is 4: transpose [N, h, w, 4] to [N, 4, h, w]",
        "8 | 1,2,2,2 | latents of shape [1, 2, 2, 2]: 4 channels are needed",
        "15 | 1,4,2,2 | latents of shape [1, 4, 2, 2] need 16 values, 15 were given",
        "0 | 1,4,65536,65536 | latents of shape [1, 4, 65536, 65536]: more than 2^31 - 1 values"
      })
  void shapesThatAreNotThoseOfLatentsAreRefused(int values, String shape, String message) {
    long[] dimensions = Stream.of(shape.split(",", -1)).mapToLong(Long::parseLong).toArray();
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(() -> Latents.scaled(new float[values], dimensions))
        .withMessage(message)
        .extracting(DecoderException::code)
        .isEqualTo(DecoderErrorCode.INVALID_LATENTS);
  }

  @Test
  void nullsAreRefused() {
    assertThatNullPointerException()
        .isThrownBy(() -> Latents.of(null, new float[4], 1, 4, 1, 1))
        .withMessage("scale");
    assertThatNullPointerException()
        .isThrownBy(() -> Latents.scaled(null, 1, 4, 1, 1))
        .withMessage("values");
    assertThatNullPointerException()
        .isThrownBy(() -> Latents.scaled(new float[4], (long[]) null))
        .withMessage("shape");
  }

  @Test
  void statisticsAreThoseOfTheFiniteValues() {
    LatentStatistics statistics =
        Latents.scaled(new float[] {2, 4, 4, 4, 5, 5, 7, 9}, 1, 4, 1, 2).statistics();
    assertThat(statistics).isEqualTo(new LatentStatistics(5, 2, 2, 9, 0));
    assertThat(
            Latents.scaled(new float[] {Float.NaN, 1, 3, Float.NEGATIVE_INFINITY}, 1, 4, 1, 1)
                .statistics())
        .isEqualTo(new LatentStatistics(2, 1, 1, 3, 2));
  }

  @Test
  void statisticsOfNothingFiniteAreZero() {
    float nan = Float.NaN;
    assertThat(Latents.scaled(new float[] {nan, nan, nan, nan}, 1, 4, 1, 1).statistics())
        .isEqualTo(new LatentStatistics(0, 0, 0, 0, 4));
  }

  private static float[] counting(int n) {
    float[] values = new float[n];
    LongStream.range(0, n).forEach(i -> values[(int) i] = i);
    return values;
  }

  private static float[] array(Latents latents) {
    float[] values = new float[latents.size()];
    latents.values().get(values);
    return values;
  }

  @Test
  void valuesAreLookedAtOnceWhateverScaleTheyAreTakenFor() {
    Latents latents = Latents.unscaled(new float[16], 1, 4, 2, 2);
    LatentStatistics statistics = latents.statistics();
    assertThat(latents.statistics()).isSameAs(statistics);
    assertThat(LatentScaleGuess.of(statistics).apply(latents).statistics()).isSameAs(statistics);
  }
}
