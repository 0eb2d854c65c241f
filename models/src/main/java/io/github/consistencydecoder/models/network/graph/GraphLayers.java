package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The layers that networks share, from a checkpoint's weights to nodes of a graph. */
public final class GraphLayers {
  private final GraphBuilder g;
  private final GraphWeights weights;
  private final ElementType type;

  /**
   * @param type of weights and activations
   */
  public GraphLayers(GraphBuilder g, GraphWeights weights, ElementType type) {
    this.g = g;
    this.weights = weights;
    this.type = type;
  }

  /** Builds a graph with an open file for derived weights. */
  public interface Building {
    NetworkGraph build(DerivedWeights derived) throws IOException;
  }

  /** Builds a graph; if that fails, deletes the file of derived weights. */
  public static NetworkGraph build(Path derivedFile, Building building) throws IOException {
    try (DerivedWeights derived = new DerivedWeights(derivedFile)) {
      return building.build(derived);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(derivedFile);
      throw e;
    }
  }

  /** 3x3 convolution with bias that keeps the size. */
  public Value convolution(String name, Value x, long out, long in) throws IOException {
    return g.conv(name, x, weight(name, out, in, 3, 3), bias(name, out), 1, 1, 1, 1);
  }

  /** 1x1 convolution with bias. */
  public Value pointwise(String name, Value x, long out, long in) throws IOException {
    return g.conv(name, x, weight(name, out, in, 1, 1), bias(name, out), 0, 0, 0, 0);
  }

  /**
   * Nearest doubling, then a 3x3 convolution, as four smaller convolutions.
   *
   * @param biased whether the convolution has a bias
   */
  public Value doublingConvolution(String name, Value x, long out, long in, boolean biased)
      throws IOException {
    float[] w = weights.floats(name + ".weight");
    List<Value> bias = biased ? List.of(bias(name, out)) : List.of();
    Value[] phases = new Value[4];
    for (int row = 0; row < 2; row++) {
      for (int column = 0; column < 2; column++) {
        String phase = name + ".phase" + row + column;
        Value kernel =
            weights.derived(
                phase + ".weight", type, PhaseKernels.of(w, row, column), out, in, 2, 2);
        List<Value> operands = new ArrayList<>(List.of(x, kernel));
        operands.addAll(bias);
        phases[2 * row + column] = g.conv(phase, operands, 1, PhaseKernels.pads(row, column));
      }
    }
    return g.interleave2(name, g.concat(name + ".phases", phases));
  }

  /** A convolution's weight. */
  public Value weight(String name, long... dims) throws IOException {
    return weights.constant(name + ".weight", type, dims);
  }

  /** A convolution's bias. */
  public Value bias(String name, long out) throws IOException {
    return weights.constant(name + ".bias", type, out);
  }

  /**
   * Group norm with its affine part, in float32 whatever the graph's type; the result has the
   * graph's type.
   */
  public Value norm(String name, Value x, int groups, float epsilon, List<Value> affine) {
    Value wide = g.cast(name + ".wide", x, ElementType.FLOAT32);
    Value n = g.normaliseGroups(name + ".plain", wide, groups, epsilon);
    n = g.add(name, g.mul(name + ".scaled", n, affine.get(0)), affine.get(1));
    return g.cast(name + ".narrow", n, type);
  }

  /**
   * A norm's own affine part: weight and bias.
   *
   * @param dims of each, for one value a channel
   */
  public List<Value> ownAffine(String norm, long... dims) throws IOException {
    return List.of(
        weights.constant(norm + ".weight", ElementType.FLOAT32, dims),
        weights.constant(norm + ".bias", ElementType.FLOAT32, dims));
  }
}
