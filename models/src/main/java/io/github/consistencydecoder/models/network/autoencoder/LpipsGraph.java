package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.graph.DerivedWeights;
import io.github.consistencydecoder.models.network.graph.GraphLayers;
import io.github.consistencydecoder.models.network.graph.GraphWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes LPIPS over SqueezeNet 1.1 as an ONNX graph: from the two pictures {@code [2, 3, H, W]} in
 * {@code [-1, 1]} to {@code [1, 7]}, the distance at each feature; their sum is the metric.
 */
final class LpipsGraph {
  /** Changes whenever the graph does, so that cached graphs of an older one are not used. */
  static final int VERSION = 1;

  /** What LPIPS takes off each channel of a picture in {@code [-1, 1]}, and divides by. */
  private static final float[] SHIFT = {-0.030f, -0.088f, -0.188f};

  private static final float[] SCALE = {0.458f, 0.448f, 0.450f};

  /** Keeps the division by a feature's length finite; the published value. */
  private static final float EPSILON = 1e-10f;

  private final GraphBuilder g = new GraphBuilder("lpips_squeeze");
  private final GraphWeights weights;
  private final GraphLayers layers;
  private final List<Value> distances = new ArrayList<>();

  private LpipsGraph(LpipsWeights weights, DerivedWeights derived, Path root) {
    this.weights = new GraphWeights(g, weights, derived, root);
    this.layers = new GraphLayers(g, this.weights, ElementType.FLOAT32);
  }

  static NetworkGraph write(LpipsWeights weights, Path derivedFile, Path root) throws IOException {
    return GraphLayers.build(
        derivedFile, derived -> new LpipsGraph(weights, derived, root).build(root));
  }

  private NetworkGraph build(Path root) throws IOException {
    Value input = g.input(RunnableNetwork.INPUT, ElementType.FLOAT32, 2L, 3L, "height", "width");
    Value shift = g.constant("shift", SHIFT, 3, 1, 1);
    Value scale = g.constant("scale", SCALE, 3, 1, 1);
    Value x = g.divide("scaled", g.subtract("shifted", input, shift), scale);
    List<Value> first =
        List.of(x, layers.weight("features.0", 64, 3, 3, 3), layers.bias("features.0", 64));
    x = g.relu("features.1", g.conv("features.0", first, 2, 0, 0, 0, 0));
    addDistance(x);
    for (LpipsWeights.Fire f : LpipsWeights.FIRES) {
      boolean pooled = f.index() == 3 || f.index() == 6 || f.index() == 9;
      x = fire(f, pooled ? g.maxPool3("features." + (f.index() - 1), x) : x);
      if (f.index() != 3 && f.index() != 6) {
        addDistance(x);
      }
    }
    Value all = g.concat(RunnableNetwork.OUTPUT, distances.toArray(new Value[0]));
    g.output(all, 1L, (long) distances.size());
    g.remark("graph", "LPIPS squeeze, version " + VERSION);
    return new NetworkGraph(g.build().toByteArray(), root);
  }

  private Value fire(LpipsWeights.Fire f, Value x) throws IOException {
    String name = "features." + f.index();
    Value s =
        g.relu(name + ".squeezed", layers.pointwise(name + ".squeeze", x, f.squeezed(), f.in()));
    Value one = layers.pointwise(name + ".expand1x1", s, f.expanded(), f.squeezed());
    Value three = layers.convolution(name + ".expand3x3", s, f.expanded(), f.squeezed());
    return g.concat(name, g.relu(name + ".expanded1x1", one), g.relu(name + ".expanded3x3", three));
  }

  /** Weighted squared distance of the two features' directions, averaged over the plane. */
  private void addDistance(Value feature) throws IOException {
    int k = distances.size();
    String name = "distance." + k;
    Value squares = g.sumChannels(name + ".squares", g.mul(name + ".squared", feature, feature));
    Value length =
        g.add(
            name + ".length",
            g.squareRoot(name + ".root", squares),
            g.constant(name + ".epsilon", new float[] {EPSILON}, 1));
    List<Value> pair = g.splitPair(name, g.divide(name + ".direction", feature, length));
    Value difference = g.subtract(name + ".difference", pair.get(0), pair.get(1));
    Value head =
        weights.constant(
            "lin" + k + ".weight", ElementType.FLOAT32, 1, LpipsWeights.FEATURES.get(k), 1, 1);
    Value weighted =
        g.conv(
            name + ".weighted",
            List.of(g.mul(name + ".difference2", difference, difference), head),
            1,
            0,
            0,
            0,
            0);
    distances.add(g.meanOfPlane(name, weighted));
  }
}
