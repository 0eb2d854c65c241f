package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.ConsistencyNetwork;

/**
 * 3x3 convolution with fewer multiplications: Winograd's F(m x m, 3x3), which turns a window of m +
 * 2 by m + 2 values into as many numbers, multiplies those, summed over the channels, by as many
 * numbers of the kernels and turns the products into m x m results: {@code Y = At [(G g Gt) (Bt d
 * B)] A} (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, after Toom and
 * Cook). Everything here is computed in double precision and rounded once.
 */
final class Winograd {
  /**
   * F(4x4, 3x3): a quarter of the multiplications for four times the weights. The polynomials are
   * evaluated at 0, 5/8, -5/8, 3/2, -3/2 and infinity; the usual points (0, 1, -1, 2, -2) give 2.3
   * times the rounding error (docs/adr).
   */
  static final Winograd LARGE = new Winograd("winograd", 0, 0.625, -0.625, 1.5, -1.5);

  /**
   * F(2x2, 3x3): four of nine multiplications for less than twice the weights. Points 0, 1, -1 and
   * infinity.
   */
  static final Winograd SMALL = new Winograd("winograd2", 0, 1, -1);

  /**
   * Pixels of the lowest resolution from which on what it gains is worth the weights that it maps
   * (docs/adr).
   */
  private static final long LEAST_PIXELS = 256;

  private final String name;
  private final double[] points;
  private final int window;

  /** {@code [tile, window]}. */
  private final double[][] output;

  /** {@code [window, 3]}. */
  private final double[][] kernel;

  /** {@code [window, window]}. */
  private final double[][] input;

  private Winograd(String name, double... points) {
    this.name = name;
    this.points = points;
    this.window = points.length + 1;
    this.output = transpose(powers(tile()));
    this.kernel = powers(3);
    this.input = transpose(inverse(powers(window)));
  }

  /**
   * The form that a network's convolutions of one resolution are written in: at the lowest one
   * there are many weights for few pixels.
   *
   * @param level halvings of the resolution
   */
  static Winograd at(int level) {
    return level < ConsistencyNetwork.LEVELS - 1 ? LARGE : SMALL;
  }

  /**
   * Whether it is written: it is faster at any size, and takes more weights.
   *
   * @param level halvings of the resolution
   * @param height of the result
   * @param width of the result
   */
  static boolean pays(int level, int height, int width) {
    return at(level) == LARGE || (long) height * width >= LEAST_PIXELS;
  }

  /** What its tensors are called. */
  String name() {
    return name;
  }

  /** Side of a tile of results, even. */
  int tile() {
    return window - 2;
  }

  /** Side of a tile of inputs. */
  int window() {
    return window;
  }

  /** Side of a tile of inputs before they are doubled. */
  int doubledWindow() {
    return tile() / 2 + 2;
  }

  /** Products a tile and pair of channels. */
  int products() {
    return window * window;
  }

  /** {@code [products, window, window]}: what a window of inputs becomes. */
  float[] inputTransform() {
    return outer(input);
  }

  /**
   * {@code [products, doubledWindow, doubledWindow]}: the same for a window of a doubled image,
   * from the image not doubled.
   */
  float[] doubledInputTransform() {
    double[][] m = new double[window][doubledWindow()];
    for (int i = 0; i < window; i++) {
      for (int j = 0; j < window; j++) {
        m[i][(j + 1) / 2] += input[i][j];
      }
    }
    return outer(m);
  }

  /** {@code [tile * tile, products]}: what products become. */
  float[] outputTransform() {
    int tile = tile();
    int n = tile * tile;
    float[] out = new float[n * products()];
    for (int y = 0; y < n; y++) {
      for (int p = 0; p < products(); p++) {
        out[y * products() + p] =
            (float) (output[y / tile][p / window] * output[y % tile][p % window]);
      }
    }
    return out;
  }

  /**
   * Transforms kernels.
   *
   * @param kernels {@code [n, 3, 3]}, of which {@code count} from {@code first} on are transformed
   * @param out receives {@code [products, count]}
   */
  void transform(float[] kernels, int first, int count, float[] out) {
    double[] rows = new double[window * 3];
    for (int k = 0; k < count; k++) {
      int at = 9 * (first + k);
      for (int i = 0; i < window; i++) {
        double[] t = kernel[i];
        for (int x = 0; x < 3; x++) {
          rows[3 * i + x] =
              t[0] * kernels[at + x] + t[1] * kernels[at + 3 + x] + t[2] * kernels[at + 6 + x];
        }
      }
      for (int i = 0; i < window; i++) {
        for (int j = 0; j < window; j++) {
          double[] t = kernel[j];
          out[(window * i + j) * count + k] =
              (float) (t[0] * rows[3 * i] + t[1] * rows[3 * i + 1] + t[2] * rows[3 * i + 2]);
        }
      }
    }
  }

  /** {@code [products, n, n]}: the transform in both directions, of {@code [window, n]}. */
  private float[] outer(double[][] m) {
    int n = m[0].length;
    float[] out = new float[products() * n * n];
    int at = 0;
    for (int p = 0; p < products(); p++) {
      for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++) {
          out[at++] = (float) (m[p / window][y] * m[p % window][x]);
        }
      }
    }
    return out;
  }

  /** Row by row the powers 0 to {@code n - 1} of a point; for infinity the highest alone. */
  private double[][] powers(int n) {
    double[][] m = new double[window][n];
    for (int i = 0; i < points.length; i++) {
      for (int j = 0; j < n; j++) {
        m[i][j] = Math.pow(points[i], j);
      }
    }
    m[window - 1][n - 1] = 1;
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
