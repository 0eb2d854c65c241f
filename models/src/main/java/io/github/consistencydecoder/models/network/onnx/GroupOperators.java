package io.github.consistencydecoder.models.network.onnx;

import java.util.List;

/**
 * Statistics of groups of channels, and what becomes of them at vector length. float32.
 *
 * <p>Borrows the builder.
 */
public final class GroupOperators {
  private final GraphBuilder g;

  /** Operators of one graph. */
  public GroupOperators(GraphBuilder g) {
    this.g = g;
  }

  /**
   * Mean and biased variance of each image's groups, {@code [N, groups, 1]} each.
   *
   * @param mean of all values of the group
   * @param variance of all values of the group, not below zero
   */
  public record Moments(Value mean, Value variance) {}

  /**
   * Statistics of {@code [N, C, H, W]} over each of {@code groups} groups of channels. Two passes
   * over the values and nothing as large as they are is written: sums and sums of squares of each
   * row in float32, what is made of those in float64, where the difference of the mean square and
   * the squared mean costs no digits that matter.
   *
   * @param width {@code [1] float64}: W, see {@link #width}
   */
  public Moments moments(String name, Value x, int groups, Value width) {
    Value mean = ofGroups(name + ".mean", rows(name + ".row_means", "ReduceMean", x), groups);
    Value squares =
        ofGroups(name + ".squares", rows(name + ".row_squares", "ReduceSumSquare", x), groups);
    Value about =
        g.subtract(
            name + ".about",
            g.divide(name + ".mean_square", squares, width),
            g.mul(name + ".squared_mean", mean, mean));
    // A group of equal values has none, but for rounding, which must not make it negative.
    Value variance =
        g.relu(name + ".variance", g.cast(name + ".spread", about, ElementType.FLOAT32));
    return new Moments(g.cast(name + ".centre", mean, ElementType.FLOAT32), variance);
  }

  /** The width of {@code [N, C, H, W]}, {@code [1] float64}. */
  public Value width(String name, Value x) {
    Value sizes = g.node(name + ".sizes", "Shape", ElementType.INT64, List.of(x));
    Value size = g.node(name + ".size", "Gather", List.of(sizes, g.constant(3)));
    return g.cast(name, size, ElementType.FLOAT64);
  }

  /** {@code [N, C, H]} in float64, from the rows of {@code x}. */
  private Value rows(String name, String reduction, Value x) {
    Value rows =
        g.node(
            name + ".narrow",
            reduction,
            List.of(x),
            Attribute.of("axes", new long[] {3}),
            Attribute.of("keepdims", 0L));
    return g.cast(name, rows, ElementType.FLOAT64);
  }

  /** {@code [N, groups, 1]}: the mean over the rows of each group. */
  private Value ofGroups(String name, Value rows, int groups) {
    Value grouped = g.node(name + ".grouped", "Reshape", List.of(rows, g.constant(0, groups, -1)));
    return g.node(name, "ReduceMean", List.of(grouped), Attribute.of("axes", new long[] {2}));
  }

  /**
   * Norm and affine part together, as scale and shift of each image's channels, {@code [N, C, 1,
   * 1]} each.
   *
   * @param channels C
   * @param affine the part after the norm: scale and shift, {@code [C]} each
   */
  public List<Value> folded(
      String name, Moments moments, int channels, int groups, float epsilon, List<Value> affine) {
    Value positive =
        g.add(
            name + ".positive",
            moments.variance(),
            g.constant(name + ".epsilon", new float[] {epsilon}));
    Value one = g.constant(name + ".one", new float[] {1f});
    Value inverse = g.divide(name + ".inverse", one, g.squareRoot(name + ".deviation", positive));
    Value scale = g.mul(name + ".scales", grouped(name + ".gamma", affine.get(0), groups), inverse);
    Value shift =
        g.subtract(
            name + ".shifts",
            grouped(name + ".beta", affine.get(1), groups),
            g.mul(name + ".shifted_mean", scale, moments.mean()));
    return List.of(
        channels(name + ".scale", scale, channels), channels(name + ".shift", shift, channels));
  }

  /**
   * What is said of each group, said of each of its channels: {@code [1, groups, 1]} to {@code
   * [C]}.
   */
  public Value ofEachChannel(String name, Value x, int channels, int groups) {
    Value shape = g.constant(1, groups, channels / groups);
    Value repeated = g.node(name + ".repeated", "Expand", List.of(x, shape));
    return g.node(name, "Reshape", List.of(repeated, g.constant(-1)));
  }

  /** {@code [C]} to {@code [C, 1, 1]}. */
  public Value ofChannels(String name, Value vector) {
    return g.node(name, "Reshape", List.of(vector, g.constant(-1, 1, 1)));
  }

  /** {@code [1, groups, 1]} each to one vector. */
  public Value joined(String name, List<Value> parts) {
    Value all = g.node(name + ".parts", "Concat", parts, Attribute.of("axis", 1));
    return g.node(name, "Reshape", List.of(all, g.constant(-1)));
  }

  private Value grouped(String name, Value vector, int groups) {
    return g.node(name + ".grouped", "Reshape", List.of(vector, g.constant(1, groups, -1)));
  }

  private Value channels(String name, Value grouped, int channels) {
    return g.node(name, "Reshape", List.of(grouped, g.constant(0, channels, 1, 1)));
  }
}
