package io.github.consistencydecoder.models.network.graph;

/**
 * Nearest doubling followed by a 3x3 convolution, as four 2x2 convolutions on the small side, one
 * for each parity of row and column of the result. Per axis the three taps collapse to two: even
 * outputs see {@code w0 h[i-1] + (w1 + w2) h[i]}, odd ones {@code (w0 + w1) h[i] + w2 h[i+1]}.
 * Exact in real arithmetic, borders included; 4 instead of 9 multiply-adds an output value.
 */
final class PhaseKernels {
  private PhaseKernels() {}

  /**
   * The kernel of one parity.
   *
   * @param w {@code [out, in, 3, 3]}
   * @param row 0 for even rows of the result, 1 for odd ones
   * @param column likewise
   * @return {@code [out, in, 2, 2]}
   */
  static float[] of(float[] w, int row, int column) {
    int kernels = w.length / 9;
    float[] out = new float[kernels * 4];
    double[] rows = new double[6];
    for (int k = 0; k < kernels; k++) {
      for (int x = 0; x < 3; x++) {
        double top = w[9 * k + x];
        double middle = w[9 * k + 3 + x];
        double bottom = w[9 * k + 6 + x];
        rows[x] = row == 0 ? top : top + middle;
        rows[3 + x] = row == 0 ? middle + bottom : bottom;
      }
      for (int y = 0; y < 2; y++) {
        double left = rows[3 * y];
        double middle = rows[3 * y + 1];
        double right = rows[3 * y + 2];
        out[4 * k + 2 * y] = (float) (column == 0 ? left : left + middle);
        out[4 * k + 2 * y + 1] = (float) (column == 0 ? middle + right : right);
      }
    }
    return out;
  }

  /** Padding of one parity's convolution: top, left, bottom, right. */
  static long[] pads(int row, int column) {
    return new long[] {1 - row, 1 - column, row, column};
  }
}
