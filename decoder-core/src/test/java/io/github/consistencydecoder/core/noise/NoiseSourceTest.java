package io.github.consistencydecoder.core.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.consistencydecoder.core.keep.Region;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Noise;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class NoiseSourceTest {
  @Test
  void oneSeedDrawsTheWholeBatchStepAfterStep() {
    NoiseSource source = NoiseSource.of(Noise.seeded(42), 2, 8, 16);
    TorchCpuGenerator generator = new TorchCpuGenerator(42);
    assertThat(source.size()).isEqualTo(2 * 3 * 8 * 16);
    assertThat(next(source)).isEqualTo(generator.normal(768));
    assertThat(next(source)).isEqualTo(generator.normal(768));
  }

  @Test
  void aSeedPerImageGivesEachImageItsOwnGenerator() {
    NoiseSource source = NoiseSource.of(Noise.seededPerImage(List.of(7L, 9L)), 2, 8, 16);
    TorchCpuGenerator seven = new TorchCpuGenerator(7);
    TorchCpuGenerator nine = new TorchCpuGenerator(9);
    for (int step = 0; step < 2; step++) {
      float[] noise = next(source);
      assertThat(Arrays.copyOf(noise, 384)).isEqualTo(seven.normal(384));
      assertThat(Arrays.copyOfRange(noise, 384, 768)).isEqualTo(nine.normal(384));
    }
  }

  @Test
  void sharedNoiseIsTheSameForEveryPictureOfEveryBatch() {
    NoiseSource source = NoiseSource.of(Noise.shared(7), 3, 8, 16);
    TorchCpuGenerator seven = new TorchCpuGenerator(7);
    for (int step = 0; step < 2; step++) {
      float[] field = seven.normal(384);
      float[] noise = next(source);
      for (int k = 0; k < 3; k++) {
        assertThat(Arrays.copyOfRange(noise, k * 384, (k + 1) * 384)).isEqualTo(field);
      }
    }
  }

  @Test
  void aRegionHasTheNoiseOfTheWholePicture() {
    Region region = new Region(1, 3, 2, 5);
    NoiseSource part = NoiseSource.of(Noise.seeded(5), 2, 32, 48).within(region);
    NoiseSource whole = NoiseSource.of(Noise.seeded(5), 2, 32, 48);
    assertThat(part.size()).isEqualTo(2 * 3 * 16 * 24);
    for (int step = 0; step < 2; step++) {
      float[] cut = next(part);
      float[] all = next(whole);
      for (int i = 0; i < cut.length; i++) {
        int plane = i / (16 * 24);
        int row = i / 24 % 16 + 8;
        int column = i % 24 + 16;
        assertThat(cut[i]).isEqualTo(all[(plane * 32 + row) * 48 + column]);
      }
    }
  }

  @Test
  void aSkippedStepIsDrawnAndDropped() {
    NoiseSource source = NoiseSource.of(Noise.seeded(1), 1, 8, 8);
    source.skip();
    TorchCpuGenerator generator = new TorchCpuGenerator(1);
    generator.normal(192);
    assertThat(next(source)).isEqualTo(generator.normal(192));
  }

  @Test
  void givenNoiseIsUsedStepByStep() {
    float[] first = new TorchCpuGenerator(1).normal(192);
    float[] second = new TorchCpuGenerator(2).normal(192);
    NoiseSource source = NoiseSource.of(Noise.given(List.of(first, second)), 1, 8, 8);
    assertThat(next(source)).isEqualTo(first);
    assertThat(next(source)).isEqualTo(second);
    assertThatIllegalStateException()
        .isThrownBy(() -> next(source))
        .withMessage("noise for 2 steps was given and used");
  }

  @Test
  void givenNoiseOfAnotherLengthIsRefusedAtOnce() {
    Noise noise = Noise.given(List.of(new float[192], new float[191]));
    assertInvalidOptions(
        () -> NoiseSource.of(noise, 1, 8, 8),
        "the noise given for step 1 has 191 values, [1, 3, 8, 8] needs 192");
  }

  @Test
  void givenNoiseThatIsNotFiniteIsRefused() {
    float[] values = new float[192];
    values[5] = Float.NEGATIVE_INFINITY;
    assertInvalidOptions(
        () -> NoiseSource.of(Noise.given(List.of(values)), 1, 8, 8),
        "the noise given for step 0 has the value -Infinity at index 5");
  }

  @Test
  void anotherNumberOfSeedsThanImagesIsRefused() {
    assertInvalidOptions(
        () -> NoiseSource.of(Noise.seededPerImage(List.of(1L, 2L, 3L)), 2, 8, 8),
        "3 seeds for 2 images: one seed per image is needed");
  }

  @Test
  void shapesThatNoArrayHoldsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NoiseSource.of(Noise.DEFAULT, 1, 0, 8))
        .withMessage("noise cannot have the shape [1, 3, 0, 8]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NoiseSource.of(Noise.DEFAULT, 1, 1 << 16, 1 << 16));
  }

  @Test
  void anArrayOfAnotherLengthIsRefused() {
    NoiseSource source = NoiseSource.of(Noise.DEFAULT, 1, 8, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> source.next(new float[191]))
        .withMessage("the noise has 192 values, the array 191");
  }

  private static float[] next(NoiseSource source) {
    float[] noise = new float[source.size()];
    source.next(noise);
    return noise;
  }

  private static void assertInvalidOptions(ThrowingCallable call, String message) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(call)
        .withMessage(message)
        .extracting(DecoderException::code)
        .isEqualTo(DecoderErrorCode.INVALID_OPTIONS);
  }
}
