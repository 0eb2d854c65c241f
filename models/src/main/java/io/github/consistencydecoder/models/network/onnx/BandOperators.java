package io.github.consistencydecoder.models.network.onnx;

import java.util.List;

/**
 * Operators of graphs that see one band of rows of a picture and a few rows of its neighbours.
 *
 * <p>Borrows the builder. All tensors are {@code [N, C, H, W]}.
 */
public final class BandOperators {
  private static final int ROWS = 2;

  private final GraphBuilder g;

  /** Operators of one graph. */
  public BandOperators(GraphBuilder g) {
    this.g = g;
  }

  /** The first {@code n} rows, or as many as there are. */
  public Value firstRows(String name, Value x, long n) {
    return rows(name, x, 0, n);
  }

  /** The last {@code n} rows, or as many as there are. */
  public Value lastRows(String name, Value x, long n) {
    return rows(name, x, -n, Long.MAX_VALUE);
  }

  private Value rows(String name, Value x, long from, long to) {
    return g.node(name, "Slice", List.of(x, g.constant(from), g.constant(to), g.constant(ROWS)));
  }

  /** Bands below one another; those without rows leave no trace. */
  public Value stack(String name, List<Value> bands) {
    return g.node(name, "Concat", bands, Attribute.of("axis", ROWS));
  }

  /** Mean of each plane: {@code [N, C, 1, 1]}. */
  public Value planeMeans(String name, Value x) {
    return g.node(name, "ReduceMean", List.of(x), Attribute.of("axes", 2, 3));
  }

  /** Sum of the squares of each plane: {@code [N, C, 1, 1]}. */
  public Value planeSquares(String name, Value x) {
    return g.node(name, "ReduceSumSquare", List.of(x), Attribute.of("axes", 2, 3));
  }

  /** Zeros in a shape that is known only when the graph runs. */
  public Value zeros(String name, Value shape) {
    return g.node(name, "ConstantOfShape", ElementType.FLOAT32, List.of(shape));
  }
}
