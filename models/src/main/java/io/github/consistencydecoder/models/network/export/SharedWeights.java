package io.github.consistencydecoder.models.network.export;

import io.github.consistencydecoder.models.network.graph.GraphWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Constants of a graph by the name of their tensor: whoever asks again gets the same one. */
final class SharedWeights {
  private final GraphWeights weights;
  private final Map<String, Value> made = new HashMap<>();

  SharedWeights(GraphWeights weights) {
    this.weights = weights;
  }

  /** A tensor of the network, or as many of its leading elements as {@code dims} ask for. */
  Value constant(String name, ElementType type, long... dims) throws IOException {
    Value known = made.get(name);
    if (known == null) {
      known = weights.constant(name, type, dims);
      made.put(name, known);
    }
    return known;
  }

  /** A constant that no checkpoint holds; its name must be new. */
  Value derived(String name, float[] values, long... dims) throws IOException {
    return weights.derived(name, ElementType.FLOAT32, values, dims);
  }
}
