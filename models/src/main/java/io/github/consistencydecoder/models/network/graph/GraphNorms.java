package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.FoldedNorms;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.GroupOperators;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The group norms of a consistency network's graph. Wherever the statistics come from, a norm is a
 * scale and a shift of each channel, and no normalised tensor exists.
 */
final class GraphNorms {
  private final GraphBuilder g;
  private final GraphLayers layers;
  private final ConsistencyNetwork network;
  private final NormStatistics statistics;
  private final GroupOperators operators;
  private final Map<String, List<Value>> affine = new HashMap<>();
  private final List<Value> measured = new ArrayList<>();

  /** By level, so that a graph asks once for what depends on the resolution alone. */
  private final Map<Integer, Value> widths = new HashMap<>();

  GraphNorms(
      GraphBuilder g, GraphLayers layers, ConsistencyNetwork network, NormStatistics statistics) {
    this.g = g;
    this.layers = layers;
    this.network = network;
    this.statistics = statistics;
    this.operators = new GroupOperators(g);
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
    List<Value> parts = g.split("split_" + input, vector, names, lengths);
    for (int i = 0; i < norms.size(); i++) {
      String norm = norms.get(i).getKey();
      long channels = norms.get(i).getValue();
      affine.put(
          norm,
          g.split(
              norm + ".split_affine",
              parts.get(i),
              List.of(norm + ".gamma", norm + ".beta"),
              new long[] {channels, channels}));
    }
  }

  /**
   * A norm as scale and shift alone.
   *
   * @param x what it is of, {@code [N, C, H, W] float32}
   * @param level halvings of the resolution
   * @return scale and shift of each channel, {@code [C, 1, 1]} or {@code [N, C, 1, 1]} each
   */
  List<Value> folded(String norm, Value x, int channels, int level) throws IOException {
    List<Value> own = affine(norm, channels);
    if (statistics == NormStatistics.GIVEN) {
      return List.of(
          operators.ofChannels(norm + ".scale", own.get(0)),
          operators.ofChannels(norm + ".shift", own.get(1)));
    }
    return operators.folded(
        norm + ".folded",
        moments(norm, x, level),
        channels,
        network.groups(),
        network.epsilon(),
        own);
  }

  /**
   * A norm of one picture.
   *
   * @param x as for {@link #folded}
   */
  ChannelNorm of(String norm, Value x, int channels, int level) throws IOException {
    List<Value> own = affine(norm, channels);
    if (statistics == NormStatistics.GIVEN) {
      return ChannelNorm.ofStandard(g, own.get(0), own.get(1), channels);
    }
    GroupOperators.Moments moments = moments(norm, x, level);
    int groups = network.groups();
    return new ChannelNorm(
        own.get(0),
        own.get(1),
        operators.ofEachChannel(norm + ".means", moments.mean(), channels, groups),
        operators.ofEachChannel(norm + ".variances", moments.variance(), channels, groups),
        network.epsilon());
  }

  /** Scale and shift after the statistics, {@code [C]} each. */
  private List<Value> affine(String norm, int channels) throws IOException {
    List<Value> own = affine.get(norm);
    return own == null ? layers.ownAffine(norm, channels) : own;
  }

  private GroupOperators.Moments moments(String norm, Value x, int level) {
    Value width = widths.computeIfAbsent(level, l -> operators.width("width" + l, x));
    GroupOperators.Moments moments =
        operators.moments(norm + ".moments", x, network.groups(), width);
    if (statistics == NormStatistics.MEASURED) {
      measured.add(moments.mean());
      measured.add(moments.variance());
    }
    return moments;
  }

  /** Mean and variance of every norm so far, as {@link FoldedNorms} takes them. */
  Value measured(String name) {
    return operators.joined(name, measured);
  }
}
