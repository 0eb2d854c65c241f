package io.github.consistencydecoder.models.onnx;

import java.util.List;

/**
 * Operators on bands of rows and tiles of values, for convolutions written out as matrix products.
 *
 * <p>Borrows the builder. A tensor whose whole shape the runtime knows beforehand keeps its buffer
 * from then on until the last tensor of that shape, so what is known is kept from it: reshapes
 * leave the width to be found at run time, and {@link #unknownWidth} gives it a name of its own,
 * which is enough for results of one shape to take each other's buffers.
 */
public final class TileOperators {
  private static final String RUNTIME_DOMAIN = "com.microsoft";

  private final GraphBuilder g;

  /** Operators of one graph. */
  public TileOperators(GraphBuilder g) {
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

  /** {@code out[n, c, s i + a, s j + d] = in[n, (s c + a) s + d, i, j]}. */
  public Value untile(String name, Value x, int s) {
    return g.node(
        name,
        "DepthToSpace",
        List.of(x),
        Attribute.of("blocksize", (long) s),
        Attribute.of("mode", "CRD"));
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
