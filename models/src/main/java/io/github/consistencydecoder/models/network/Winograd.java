package io.github.consistencydecoder.models.network;

/**
 * 3x3 convolution with a quarter of the multiplications: Winograd's F(4x4, 3x3), which turns a tile
 * of 6x6 values into 36 numbers, multiplies those, summed over the channels, by the kernels' 36
 * numbers and turns the products into 4x4 results: {@code Y = At [(G g Gt) (Bt d B)] A} (Lavin and
 * Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, after Toom and Cook).
 *
 * <p>The polynomials are evaluated at 0, 5/8, -5/8, 3/2, -3/2 and infinity. The usual points (0, 1,
 * -1, 2, -2) give 2.3 times the rounding error (docs/decisions.md). Everything here is computed in
 * double precision and rounded once.
 */
final class Winograd {
  /** Side of a tile of results. */
  static final int TILE = 4;

  /** Side of a tile of inputs. */
  static final int WINDOW = TILE + 2;

  /** Products a tile and pair of channels. */
  static final int PRODUCTS = WINDOW * WINDOW;

  private static final double[] POINTS = {0, 0.625, -0.625, 1.5, -1.5};

  /** {@code [4, 6]}. */
  private static final double[][] OUTPUT = transpose(powers(TILE));

  /** {@code [6, 3]}. */
  private static final double[][] KERNEL = powers(3);

  /** {@code [6, 6]}. */
  private static final double[][] INPUT = transpose(inverse(powers(WINDOW)));

  private Winograd() {}

  /** {@code [36, 6, 6]}: what a window of inputs becomes. */
  static float[] inputTransform() {
    return outer(INPUT);
  }

  /** {@code [36, 4, 4]}: the same for a window of a doubled image, from the image not doubled. */
  static float[] doubledInputTransform() {
    int[] source = {0, 1, 1, 2, 2, 3};
    double[][] m = new double[WINDOW][4];
    for (int i = 0; i < WINDOW; i++) {
      for (int j = 0; j < WINDOW; j++) {
        m[i][source[j]] += INPUT[i][j];
      }
    }
    return outer(m);
  }

  /** {@code [16, 36]}: what products become. */
  static float[] outputTransform() {
    int n = TILE * TILE;
    float[] out = new float[n * PRODUCTS];
    for (int y = 0; y < n; y++) {
      for (int p = 0; p < PRODUCTS; p++) {
        out[y * PRODUCTS + p] =
            (float) (OUTPUT[y / TILE][p / WINDOW] * OUTPUT[y % TILE][p % WINDOW]);
      }
    }
    return out;
  }

  /**
   * Transforms kernels.
   *
   * @param kernels {@code [n, 3, 3]}, of which {@code count} from {@code first} on are transformed
   * @param out receives {@code [36, count]}
   */
  static void transform(float[] kernels, int first, int count, float[] out) {
    double[] rows = new double[WINDOW * 3];
    for (int k = 0; k < count; k++) {
      int at = 9 * (first + k);
      for (int i = 0; i < WINDOW; i++) {
        double[] t = KERNEL[i];
        for (int x = 0; x < 3; x++) {
          rows[3 * i + x] =
              t[0] * kernels[at + x] + t[1] * kernels[at + 3 + x] + t[2] * kernels[at + 6 + x];
        }
      }
      for (int i = 0; i < WINDOW; i++) {
        for (int j = 0; j < WINDOW; j++) {
          double[] t = KERNEL[j];
          out[(WINDOW * i + j) * count + k] =
              (float) (t[0] * rows[3 * i] + t[1] * rows[3 * i + 1] + t[2] * rows[3 * i + 2]);
        }
      }
    }
  }

  /** {@code [36, n, n]}: the transform in both directions, of a matrix {@code [6, n]}. */
  private static float[] outer(double[][] m) {
    int n = m[0].length;
    float[] out = new float[PRODUCTS * n * n];
    int at = 0;
    for (int p = 0; p < PRODUCTS; p++) {
      for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++) {
          out[at++] = (float) (m[p / WINDOW][y] * m[p % WINDOW][x]);
        }
      }
    }
    return out;
  }

  /** Row by row the powers 0 to {@code n - 1} of a point; for infinity the highest alone. */
  private static double[][] powers(int n) {
    double[][] m = new double[WINDOW][n];
    for (int i = 0; i < POINTS.length; i++) {
      for (int j = 0; j < n; j++) {
        m[i][j] = Math.pow(POINTS[i], j);
      }
    }
    m[WINDOW - 1][n - 1] = 1;
    return m;
  }

  private static double[][] transpose(double[][] m) {
    double[][] t = new double[m[0].length][m.length];
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j < m[0].length; j++) {
        t[j][i] = m[i][j];
      }
    }
    return t;
  }

  /** Gauss-Jordan with pivoting; the matrices here are regular. */
  private static double[][] inverse(double[][] m) {
    int n = m.length;
    double[][] a = new double[n][2 * n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(m[i], 0, a[i], 0, n);
      a[i][n + i] = 1;
    }
    for (int c = 0; c < n; c++) {
      int pivot = c;
      for (int r = c + 1; r < n; r++) {
        pivot = Math.abs(a[r][c]) > Math.abs(a[pivot][c]) ? r : pivot;
      }
      double[] row = a[pivot];
      a[pivot] = a[c];
      a[c] = row;
      double divisor = row[c];
      for (int k = 0; k < 2 * n; k++) {
        row[k] /= divisor;
      }
      for (int r = 0; r < n; r++) {
        double factor = r == c ? 0 : a[r][c];
        for (int k = 0; k < 2 * n; k++) {
          a[r][k] -= factor * row[k];
        }
      }
    }
    double[][] out = new double[n][];
    for (int i = 0; i < n; i++) {
      out[i] = java.util.Arrays.copyOfRange(a[i], n, 2 * n);
    }
    return out;
  }
}
