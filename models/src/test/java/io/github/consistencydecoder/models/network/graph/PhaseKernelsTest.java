package io.github.consistencydecoder.models.network.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.network.SyntheticWeights;
import org.junit.jupiter.api.Test;

class PhaseKernelsTest {
  /** Doubling then convolving, written out naively in double, borders included. */
  @Test
  void fourSmallConvolutionsEqualDoublingAndConvolving() {
    int height = 3;
    int width = 4;
    float[] w = SyntheticWeights.input("w", 9);
    float[] h = SyntheticWeights.input("h", height * width);
    for (int y = 0; y < 2 * height; y++) {
      for (int x = 0; x < 2 * width; x++) {
        double expected = 0;
        for (int i = -1; i <= 1; i++) {
          for (int j = -1; j <= 1; j++) {
            if (y + i >= 0 && y + i < 2 * height && x + j >= 0 && x + j < 2 * width) {
              expected += (double) w[3 * (i + 1) + j + 1] * h[(y + i) / 2 * width + (x + j) / 2];
            }
          }
        }
        int row = y % 2;
        int column = x % 2;
        float[] kernel = PhaseKernels.of(w, row, column);
        long[] pads = PhaseKernels.pads(row, column);
        double found = 0;
        for (int i = 0; i < 2; i++) {
          for (int j = 0; j < 2; j++) {
            int sy = y / 2 + i - (int) pads[0];
            int sx = x / 2 + j - (int) pads[1];
            if (sy >= 0 && sy < height && sx >= 0 && sx < width) {
              found += (double) kernel[2 * i + j] * h[sy * width + sx];
            }
          }
        }
        assertThat(found)
            .as("row %d column %d", y, x)
            .isCloseTo(expected, org.assertj.core.api.Assertions.within(1e-6));
      }
    }
  }
}
