package io.github.consistencydecoder.models.network.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.models.network.SyntheticWeights;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One tile, convolved by way of the transforms and by the definition. */
class WinogradTest {
  /** Some ten roundings of numbers around 1. */
  private static final double ROUNDING = 2e-6;

  private static double[] tile(
      Winograd form, float[] transform, int window, float[] values, float[] kernel) {
    float[] kernels = new float[form.products()];
    form.transform(kernel, 0, 1, kernels);
    double[] products = new double[form.products()];
    for (int p = 0; p < form.products(); p++) {
      for (int i = 0; i < window * window; i++) {
        products[p] += (double) transform[p * window * window + i] * values[i];
      }
      products[p] *= kernels[p];
    }
    float[] output = form.outputTransform();
    double[] out = new double[form.tile() * form.tile()];
    for (int y = 0; y < out.length; y++) {
      for (int p = 0; p < form.products(); p++) {
        out[y] += output[y * form.products() + p] * products[p];
      }
    }
    return out;
  }

  private static double expected(float[] window, int side, float[] kernel, int row, int column) {
    double sum = 0;
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        sum += (double) kernel[3 * i + j] * window[side * (row + i) + column + j];
      }
    }
    return sum;
  }

  private static void check(Winograd form, double[] found, float[] window, float[] kernel) {
    int tile = form.tile();
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i])
          .as("value %d", i)
          .isCloseTo(
              expected(window, form.window(), kernel, i / tile, i % tile), within(ROUNDING * 10));
    }
  }

  static Stream<Winograd> forms() {
    return Stream.of(Winograd.LARGE, Winograd.SMALL);
  }

  @Test
  void theSmallerTileIsForTheLowestResolution() {
    assertThat(Winograd.at(2)).isSameAs(Winograd.LARGE);
    assertThat(Winograd.at(3)).isSameAs(Winograd.SMALL);
    assertThat(Winograd.LARGE.tile()).isEqualTo(4);
    assertThat(Winograd.SMALL.tile()).isEqualTo(2);
  }

  @Test
  void fewPixelsOfTheLowestResolutionAreConvolvedDirectly() {
    assertThat(Winograd.pays(2, 1, 1)).isTrue();
    assertThat(Winograd.pays(3, 15, 17)).isFalse();
    assertThat(Winograd.pays(3, 16, 16)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("forms")
  void aTileEqualsTheDefinition(Winograd form) {
    float[] window = SyntheticWeights.input("window", form.products());
    float[] kernel = SyntheticWeights.input("kernel", 9);
    double[] found = tile(form, form.inputTransform(), form.window(), window, kernel);
    check(form, found, window, kernel);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void aTileOfADoubledImageIsFoundFromTheImage(Winograd form) {
    int side = form.doubledWindow();
    float[] small = SyntheticWeights.input("small", side * side);
    float[] kernel = SyntheticWeights.input("kernel", 9);
    float[] window = new float[form.products()];
    for (int y = 0; y < form.window(); y++) {
      for (int x = 0; x < form.window(); x++) {
        window[form.window() * y + x] = small[(y + 1) / 2 * side + (x + 1) / 2];
      }
    }
    check(form, tile(form, form.doubledInputTransform(), side, small, kernel), window, kernel);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void kernelsAreTransformedEachForItself(Winograd form) {
    float[] kernels = SyntheticWeights.input("kernels", 5 * 9);
    float[] all = new float[form.products() * 3];
    form.transform(kernels, 2, 3, all);
    float[] one = new float[form.products()];
    form.transform(kernels, 4, 1, one);
    for (int p = 0; p < form.products(); p++) {
      assertThat(all[3 * p + 2]).isEqualTo(one[p]);
    }
  }
}
