package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.graph.DerivedWeights;
import io.github.consistencydecoder.models.network.graph.GraphLayers;
import io.github.consistencydecoder.models.network.graph.GraphWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes one half of TAESD as an ONNX graph.
 *
 * <p>Decoder: {@code [N, 4, h, w]}, scaled latents, to {@code [N, 3, 8h, 8w]} in {@code [-1, 1]},
 * not clamped. Encoder: {@code [N, 3, 8h, 8w]} in {@code [-1, 1]} to {@code [N, 4, h, w]}, scaled
 * latents. The network itself works with pictures in {@code [0, 1]}; the graph converts.
 */
final class TaesdGraph {
  /** Changes whenever the graph does, so that cached graphs of an older one are not used. */
  static final int VERSION = 1;

  /** Bound of the soft clamp that latents pass through. */
  private static final float LATENT_MAGNITUDE = 3;

  private final GraphBuilder g;
  private final TaesdNetwork network;
  private final GraphLayers layers;
  private final ElementType type;

  private TaesdGraph(TaesdWeights weights, ElementType type, DerivedWeights derived, Path root) {
    this.network = weights.network();
    this.g = new GraphBuilder("taesd_" + network.part().word());
    this.layers = new GraphLayers(g, new GraphWeights(g, weights, derived, root), type);
    this.type = type;
  }

  static NetworkGraph write(TaesdWeights weights, ElementType type, Path derivedFile, Path root)
      throws IOException {
    return GraphLayers.build(
        derivedFile, derived -> new TaesdGraph(weights, type, derived, root).build(root));
  }

  private NetworkGraph build(Path root) throws IOException {
    Value input =
        g.input(
            RunnableNetwork.INPUT,
            ElementType.FLOAT32,
            "batch",
            (long) network.inputs(),
            "in_height",
            "in_width");
    boolean decoder = network.part() == AutoencoderPart.DECODER;
    Value x = g.cast("input.cast", decoder ? softlyClamped(input) : toUnit(input), type);
    List<TaesdNetwork.Layer> all = network.layers();
    for (TaesdNetwork.Layer l : all) {
      x = layer(l, x);
      if (decoder && l.equals(all.get(0))) {
        x = g.relu(l.name() + ".relu", x);
      }
    }
    x = g.cast("output.cast", x, ElementType.FLOAT32);
    g.output(
        decoder ? fromUnit(x) : g.identity(RunnableNetwork.OUTPUT, x),
        "batch",
        (long) network.outputs(),
        "out_height",
        "out_width");
    g.remark("graph", "TAESD " + network.part().word() + ", version " + VERSION);
    return new NetworkGraph(g.build().toByteArray(), root);
  }

  private Value layer(TaesdNetwork.Layer l, Value x) throws IOException {
    return switch (l.kind()) {
      case END -> layers.convolution(l.name(), x, l.out(), l.in());
      case BLOCK -> block(l, x);
      case DOUBLING -> layers.doublingConvolution(l.name(), x, l.out(), l.in(), false);
      case HALVING -> {
        List<Value> operands = List.of(x, layers.weight(l.name(), l.out(), l.in(), 3, 3));
        yield g.conv(l.name(), operands, 2, 1, 1, 1, 1);
      }
    };
  }

  private Value block(TaesdNetwork.Layer l, Value x) throws IOException {
    Value h = x;
    for (int k = 0; k <= 4; k += 2) {
      String name = l.name() + ".conv." + k;
      h = layers.convolution(name, h, l.out(), l.in());
      h = k < 4 ? g.relu(name + ".relu", h) : h;
    }
    return g.relu(l.name(), g.add(l.name() + ".sum", h, x));
  }

  private Value softlyClamped(Value x) {
    Value bound = number("latent_magnitude", LATENT_MAGNITUDE);
    return g.mul("clamped", g.tanh("tanh", g.divide("divided", x, bound)), bound);
  }

  private Value toUnit(Value x) {
    return g.divide("unit", g.add("shifted", x, number("one", 1)), number("two", 2));
  }

  private Value fromUnit(Value x) {
    return g.subtract(
        RunnableNetwork.OUTPUT, g.mul("doubled", x, number("two", 2)), number("one", 1));
  }

  private Value number(String name, float value) {
    return g.constant(name, new float[] {value}, 1);
  }
}
