package io.github.consistencydecoder.models.network.onnx;

import java.util.List;

/**
 * Repeats a square tile over planes whose size is known only when the graph runs: {@code out[n, c,
 * i, j] = tile[c, i mod side, j mod side]}.
 *
 * <p>The planes are those of a value {@code [N, C, h, w]}, each side {@code factor} times as long.
 * Not for use by several threads.
 */
public final class PlaneTiling {
  private static final int ROWS = 2;
  private static final int COLUMNS = 3;

  private final GraphBuilder g;
  private final Value rows;
  private final Value columns;
  private final Value shape;

  /**
   * Computes where every pixel lies in the tile, once for all tiles.
   *
   * @param name begins the names of what is added to the graph
   * @param like {@code [N, C, h, w]}
   * @param factor height and width of the planes are this times {@code h} and {@code w}
   * @param channels of every tile
   * @param side of every tile
   */
  public PlaneTiling(
      GraphBuilder g, String name, Value like, long factor, long channels, long side) {
    this.g = g;
    Value sizes = g.node(name + ".sizes", "Shape", ElementType.INT64, List.of(like));
    Value height = enlarged(name + ".height", sizes, ROWS, factor);
    Value width = enlarged(name + ".width", sizes, COLUMNS, factor);
    this.rows = positions(name + ".rows", height, side);
    this.columns = positions(name + ".columns", width, side);
    Value batch = g.node(name + ".batch", "Gather", List.of(sizes, g.constant(0)));
    this.shape =
        g.node(
            name + ".shape",
            "Concat",
            List.of(batch, g.constant(channels), height, width),
            Attribute.of("axis", 0L));
  }

  /**
   * A tile, repeated.
   *
   * @param tile {@code [channels, side, side]}
   * @return {@code [N, channels, factor * h, factor * w]}
   */
  public Value of(String name, Value tile) {
    Value high =
        g.node(
            name + ".high", "Gather", List.of(tile, rows), Attribute.of("axis", (long) ROWS - 1));
    Value plane =
        g.node(
            name + ".plane",
            "Gather",
            List.of(high, columns),
            Attribute.of("axis", (long) COLUMNS - 1));
    return g.node(name, "Expand", List.of(plane, shape));
  }

  private Value enlarged(String name, Value sizes, long axis, long factor) {
    Value size = g.node(name + ".cells", "Gather", List.of(sizes, g.constant(axis)));
    return g.mul(name, size, g.constant(factor));
  }

  /** {@code 0 .. length - 1}, each modulo {@code side}. */
  private Value positions(String name, Value length, long side) {
    Value range =
        g.node(
            name + ".range",
            "Range",
            List.of(
                scalar(name + ".start", g.constant(0)),
                scalar(name + ".limit", length),
                scalar(name + ".delta", g.constant(1))));
    return g.node(name, "Mod", List.of(range, g.constant(side)));
  }

  private Value scalar(String name, Value one) {
    return g.node(name, "Squeeze", List.of(one));
  }
}
