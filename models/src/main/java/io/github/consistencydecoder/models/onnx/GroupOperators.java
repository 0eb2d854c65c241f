package io.github.consistencydecoder.models.onnx;

import java.util.List;

/**
 * Statistics of groups of channels, and what becomes of them at vector length. float32, one image.
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
   * Mean and biased variance, {@code [1, groups, 1]} each.
   *
   * @param mean of all values of the group
   * @param variance of all values of the group, taken about the mean
   */
  public record Moments(Value mean, Value variance) {}

  /** Statistics of {@code [1, C, H, W]} over each of {@code groups} groups of channels. */
  public Moments moments(String name, Value x, int groups) {
    Value grouped = g.node(name + ".grouped", "Reshape", List.of(x, g.constant(1, groups, -1)));
    Value mean =
        g.node(
            name + ".mean", "ReduceMean", List.of(grouped), Attribute.of("axes", new long[] {2}));
    Value centred = g.subtract(name + ".centred", grouped, mean);
    Value squares =
        g.node(
            name + ".squares",
            "ReduceSumSquare",
            List.of(centred),
            Attribute.of("axes", new long[] {2}));
    Value sizes = g.node(name + ".sizes", "Shape", ElementType.INT64, List.of(grouped));
    Value size = g.node(name + ".size", "Gather", List.of(sizes, g.constant(2)));
    Value variance =
        g.divide(name + ".variance", squares, g.cast(name + ".count", size, ElementType.FLOAT32));
    return new Moments(mean, variance);
  }

  /**
   * Norm and affine part together, as scale and shift of each channel, {@code [C, 1, 1]} each.
   *
   * @param affine the part after the norm: scale and shift, {@code [C, 1, 1]} each
   */
  public List<Value> folded(
      String name, Moments moments, int groups, float epsilon, List<Value> affine) {
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
    return List.of(channels(name + ".scale", scale), channels(name + ".shift", shift));
  }

  /** {@code [1, groups, 1]} each to one vector. */
  public Value joined(String name, List<Value> parts) {
    Value all = g.node(name + ".parts", "Concat", parts, Attribute.of("axis", 1));
    return g.node(name, "Reshape", List.of(all, g.constant(-1)));
  }

  private Value grouped(String name, Value vector, int groups) {
    return g.node(name + ".grouped", "Reshape", List.of(vector, g.constant(1, groups, -1)));
  }

  private Value channels(String name, Value grouped) {
    return g.node(name, "Reshape", List.of(grouped, g.constant(-1, 1, 1)));
  }
}
