package io.github.consistencydecoder.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** One tile, convolved by way of the transforms and by the definition. */
class WinogradTest {
  /** Some ten roundings of numbers around 1. */
  private static final double ROUNDING = 2e-6;

  private static double[] tile(float[] transform, int window, float[] values, float[] kernel) {
    float[] kernels = new float[Winograd.PRODUCTS];
    Winograd.transform(kernel, 0, 1, kernels);
    double[] products = new double[Winograd.PRODUCTS];
    for (int p = 0; p < Winograd.PRODUCTS; p++) {
      for (int i = 0; i < window * window; i++) {
        products[p] += (double) transform[p * window * window + i] * values[i];
      }
      products[p] *= kernels[p];
    }
    float[] output = Winograd.outputTransform();
    double[] out = new double[Winograd.TILE * Winograd.TILE];
    for (int y = 0; y < out.length; y++) {
      for (int p = 0; p < Winograd.PRODUCTS; p++) {
        out[y] += output[y * Winograd.PRODUCTS + p] * products[p];
      }
    }
    return out;
  }

  private static double expected(float[] window, float[] kernel, int row, int column) {
    double sum = 0;
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        sum += (double) kernel[3 * i + j] * window[6 * (row + i) + column + j];
      }
    }
    return sum;
  }

  private static void check(double[] found, float[] window, float[] kernel) {
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i])
          .as("value %d", i)
          .isCloseTo(expected(window, kernel, i / 4, i % 4), within(ROUNDING * 10));
    }
  }

  @Test
  void aTileEqualsTheDefinition() {
    float[] window = SyntheticWeights.input("window", 36);
    float[] kernel = SyntheticWeights.input("kernel", 9);
    check(tile(Winograd.inputTransform(), 6, window, kernel), window, kernel);
  }

  @Test
  void aTileOfADoubledImageIsFoundFromTheImage() {
    float[] small = SyntheticWeights.input("small", 16);
    float[] kernel = SyntheticWeights.input("kernel", 9);
    float[] window = new float[36];
    for (int y = 0; y < 6; y++) {
      for (int x = 0; x < 6; x++) {
        window[6 * y + x] = small[(y + 1) / 2 * 4 + (x + 1) / 2];
      }
    }
    check(tile(Winograd.doubledInputTransform(), 4, small, kernel), window, kernel);
  }

  @Test
  void kernelsAreTransformedEachForItself() {
    float[] kernels = SyntheticWeights.input("kernels", 5 * 9);
    float[] all = new float[Winograd.PRODUCTS * 3];
    Winograd.transform(kernels, 2, 3, all);
    float[] one = new float[Winograd.PRODUCTS];
    Winograd.transform(kernels, 4, 1, one);
    for (int p = 0; p < Winograd.PRODUCTS; p++) {
      assertThat(all[3 * p + 2]).isEqualTo(one[p]);
    }
  }
}
