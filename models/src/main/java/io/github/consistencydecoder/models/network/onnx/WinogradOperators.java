package io.github.consistencydecoder.models.network.onnx;

import java.util.ArrayList;
import java.util.List;

/**
 * Operators on bands of rows and tiles of values, for convolutions written out as matrix products.
 *
 * <p>Borrows the builder. A tensor whose whole shape the runtime knows beforehand keeps its buffer
 * from then on until the last tensor of that shape, so what is known is kept from it: reshapes
 * leave the width to be found at run time, and {@link #unknownWidth} gives it a name of its own,
 * which is enough for results of one shape to take each other's buffers.
 */
public final class WinogradOperators {
  private static final String RUNTIME_DOMAIN = "com.microsoft";

  private final GraphBuilder g;

  /** Operators of one graph. */
  public WinogradOperators(GraphBuilder g) {
    this.g = g;
  }

  /** {@code x} in another shape; 0 keeps that dimension of {@code x}, -1 is what is left. */
  public Value reshape(String name, Value x, long... dims) {
    return g.node(name, "Reshape", List.of(x, g.constant(dims)));
  }

  /** Rows {@code from} to {@code to} (exclusive) of {@code [N, C, H, W]}. */
  public Value rows(String name, Value x, long from, long to) {
    return g.node(name, "Slice", List.of(x, g.constant(from), g.constant(to), g.constant(2)));
  }

  /** The upper left {@code height} rows and {@code width} columns of {@code [N, C, H, W]}. */
  public Value crop(String name, Value x, long height, long width) {
    return g.node(
        name, "Slice", List.of(x, g.constant(0, 0), g.constant(height, width), g.constant(2, 3)));
  }

  /** Bands of rows below one another. */
  public Value stack(String name, List<Value> bands) {
    return g.node(name, "Concat", bands, Attribute.of("axis", 2));
  }

  /** Convolution without bias. {@code pads}: top, left, bottom, right. */
  public Value conv(String name, Value x, Value weight, int stride, long... pads) {
    return g.conv(name, List.of(x, weight), stride, pads);
  }

  /**
   * Matrix products, one for each middle index of {@code b}: {@code out[j] = a[j] b[:, j, :]}, with
   * {@code a [J, M, K]} or {@code [1, M, K]}, {@code b [K, J, N]}, {@code out [J, M, N]}.
   */
  public Value productsOverFirst(String name, Value a, Value b) {
    return g.node(
        name, RUNTIME_DOMAIN, "FusedMatMul", List.of(a, b), Attribute.of("transBatchB", 1L));
  }

  /** Matrix products: {@code a [J, M, K]}, {@code b [K, N]}, result {@code [J, M, N]}. */
  public Value product(String name, Value a, Value b) {
    return g.node(name, "MatMul", List.of(a, b));
  }

  /**
   * A picture from the values of its tiles: {@code out[0, c, s i + a, s j + d] = in[a, d, c, i,
   * j]}. First columns, then rows are put between one another, because the runtime's operator for
   * both, DepthToSpace, keeps one thread busy.
   *
   * @param x {@code [s, s, channels * rows * columns]}
   * @param s side of a tile
   * @param rows of tiles
   * @return {@code [1, channels, s * rows, s * columns]}
   */
  public Value untile(String name, Value x, int s, long channels, long rows) {
    Value y = transpose(name + ".lines", x, 0, 2, 1);
    y = reshape(name + ".rows", y, s, channels * rows, -1);
    y = transpose(name + ".interleaved", y, 1, 0, 2);
    return reshape(name, y, 1, channels, s * rows, -1);
  }

  private Value transpose(String name, Value x, long... order) {
    return g.node(name, "Transpose", List.of(x), Attribute.of("perm", order));
  }

  /**
   * {@code (x - mean) / sqrt(variance + epsilon) * scale + shift}, in one pass.
   *
   * @param x {@code [1, C, H, W]}
   * @param vectors scale, shift, mean and variance, {@code [C]} each
   */
  public Value normalised(String name, Value x, List<Value> vectors, float epsilon) {
    List<Value> operands = new ArrayList<>(List.of(x));
    operands.addAll(vectors);
    return g.node(name, "BatchNormalization", operands, Attribute.of("epsilon", epsilon));
  }

  /** Declares what is known of the shape of {@code x}: all but the last dimension. */
  public Value unknownWidth(Value x, long... leading) {
    Object[] dims = new Object[leading.length + 1];
    for (int i = 0; i < leading.length; i++) {
      dims[i] = leading[i];
    }
    dims[leading.length] = x.name() + ".width";
    g.shape(x, dims);
    return x;
  }

  /** {@code a + b}, where the result has the shape of {@code a}. */
  public Value addTo(String name, Value a, Value b, long... leading) {
    Value sum = g.add(name, a, b);
    Object[] dims = new Object[leading.length + 1];
    for (int i = 0; i < leading.length; i++) {
      dims[i] = leading[i];
    }
    dims[leading.length] = a.name() + ".width";
    g.shape(sum, dims);
    return sum;
  }
}
