package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.models.onnx.GraphBuilder;
import io.github.consistencydecoder.models.onnx.GroupOperators;
import io.github.consistencydecoder.models.onnx.Value;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The group norms of a consistency network's graph. Whatever the statistics are, a norm is cut in
 * two: what is done to the whole tensor, and a scale and a shift of each channel.
 */
final class GraphNorms {
  private final GraphBuilder g;
  private final GraphLayers layers;
  private final ConsistencyNetwork network;
  private final NormStatistics statistics;
  private final GroupOperators operators;
  private final Map<String, List<Value>> affine = new HashMap<>();
  private final List<Value> measured = new ArrayList<>();

  GraphNorms(
      GraphBuilder g, GraphLayers layers, ConsistencyNetwork network, NormStatistics statistics) {
    this.g = g;
    this.layers = layers;
    this.network = network;
    this.statistics = statistics;
    this.operators = new GroupOperators(g);
  }

  /**
   * A norm without its affine part, and that part.
   *
   * @param x {@code [N, C, H, W] float32}
   * @param scale of each channel, {@code [C, 1, 1]}
   * @param shift of each channel, {@code [C, 1, 1]}
   */
  record Normalised(Value x, Value scale, Value shift) {
    List<Value> affine() {
      return List.of(scale, shift);
    }
  }

  /** Declares the graph's input that the norms depend on, and cuts it up. */
  void declareInput() {
    boolean given = statistics == NormStatistics.GIVEN;
    String input = given ? ConsistencyGraph.NORMS : ConsistencyGraph.CONDITIONING;
    List<Map.Entry<String, Integer>> norms =
        network.norms().entrySet().stream()
            .filter(n -> given || ConsistencyNetwork.isConditioned(n.getKey()))
            .toList();
    long[] lengths = norms.stream().mapToLong(n -> 2L * n.getValue()).toArray();
    Value vector = g.input(input, ElementType.FLOAT32, Arrays.stream(lengths).sum());
    List<String> names = norms.stream().map(n -> n.getKey() + ".affine").toList();
    // In two stages: the runtime refuses a long list of lengths when it opens the saved graph.
    List<Value> parts = g.splitToChannels("split_" + input, vector, names, lengths);
    for (int i = 0; i < norms.size(); i++) {
      String norm = norms.get(i).getKey();
      long channels = norms.get(i).getValue();
      affine.put(
          norm,
          g.splitToChannels(
              norm + ".split_affine",
              parts.get(i),
              List.of(norm + ".gamma", norm + ".beta"),
              new long[] {channels, channels}));
    }
  }

  /** Cuts a norm in two. */
  Normalised cut(String norm, Value x, int channels) throws IOException {
    List<Value> own = affine.get(norm);
    if (own == null) {
      own = layers.ownAffine(norm, channels);
    }
    int groups = network.groups();
    float epsilon = network.epsilon();
    return switch (statistics) {
      case OWN ->
          new Normalised(layers.plainNorm(norm, x, groups, epsilon), own.get(0), own.get(1));
      case GIVEN -> new Normalised(x, own.get(0), own.get(1));
      case MEASURED -> {
        GroupOperators.Moments moments = operators.moments(norm + ".moments", x, groups);
        measured.add(moments.mean());
        measured.add(moments.variance());
        List<Value> folded = operators.folded(norm + ".folded", moments, groups, epsilon, own);
        yield new Normalised(x, folded.get(0), folded.get(1));
      }
    };
  }

  /** Mean and variance of every norm so far, as {@link FoldedNorms} takes them. */
  Value measured(String name) {
    return operators.joined(name, measured);
  }
}
