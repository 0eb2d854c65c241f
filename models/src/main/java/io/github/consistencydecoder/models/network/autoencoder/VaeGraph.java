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
 * Writes one half of the Stable Diffusion 1.x autoencoder as an ONNX graph.
 *
 * <p>Decoder: {@code [N, 4, h, w]}, unscaled latents, to {@code [N, 3, 8h, 8w]}, not clamped.
 * Encoder: {@code [N, 3, 8h, 8w]} to {@code [N, 8, h, w]}, the mean of unscaled latents, then the
 * logarithm of their variance.
 */
final class VaeGraph {
  /** Changes whenever the graph does, so that cached graphs of an older one are not used. */
  static final int VERSION = 1;

  private final GraphBuilder g;
  private final VaeNetwork network;
  private final GraphLayers layers;
  private final ElementType type;

  private VaeGraph(VaeWeights weights, ElementType type, DerivedWeights derived, Path root) {
    this.network = weights.network();
    this.g = new GraphBuilder("vae_" + network.part().word());
    this.layers = new GraphLayers(g, new GraphWeights(g, weights, derived, root), type);
    this.type = type;
  }

  static NetworkGraph write(VaeWeights weights, ElementType type, Path derivedFile, Path root)
      throws IOException {
    return GraphLayers.build(
        derivedFile, derived -> new VaeGraph(weights, type, derived, root).build(root));
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
    Value x = g.cast("input.cast", input, type);
    boolean decoder = network.part() == AutoencoderPart.DECODER;
    if (decoder) {
      x = latentConvolution(x);
    }
    String p = network.part().prefix();
    x = layers.convolution(p + "conv_in", x, network.first(), network.inputs());
    for (VaeNetwork.Step s : network.steps()) {
      switch (s.kind()) {
        case RESIDUAL -> x = residual(s, x);
        case ATTENTION -> x = attention(s.name(), x, s.in());
        case DOUBLING -> x = layers.doublingConvolution(s.name(), x, s.out(), s.in(), true);
        case HALVING -> x = halving(s, x);
      }
    }
    x = g.silu(p + "conv_norm_out.silu", norm(p + "conv_norm_out", x, network.last()));
    x = layers.convolution(p + "conv_out", x, network.outputs(), network.last());
    if (!decoder) {
      x = latentConvolution(x);
    }
    Value output =
        g.identity(RunnableNetwork.OUTPUT, g.cast("output.cast", x, ElementType.FLOAT32));
    g.output(output, "batch", (long) network.outputs(), "out_height", "out_width");
    g.remark("graph", "VAE " + network.part().word() + ", version " + VERSION);
    return new NetworkGraph(g.build().toByteArray(), root);
  }

  private Value latentConvolution(Value x) throws IOException {
    int n = network.latentConvolutionChannels();
    return layers.pointwise(network.latentConvolution(), x, n, n);
  }

  private Value norm(String name, Value x, int channels) throws IOException {
    return layers.norm(
        name, x, network.groups(), network.epsilon(), layers.ownAffine(name, channels, 1, 1));
  }

  private Value residual(VaeNetwork.Step s, Value x) throws IOException {
    String name = s.name();
    Value h = g.silu(name + ".norm1.silu", norm(name + ".norm1", x, s.in()));
    h = layers.convolution(name + ".conv1", h, s.out(), s.in());
    h = g.silu(name + ".norm2.silu", norm(name + ".norm2", h, s.out()));
    h = layers.convolution(name + ".conv2", h, s.out(), s.out());
    Value shortcut =
        s.hasShortcut() ? layers.pointwise(name + ".conv_shortcut", x, s.out(), s.in()) : x;
    return g.add(name, h, shortcut);
  }

  private Value halving(VaeNetwork.Step s, Value x) throws IOException {
    List<Value> operands =
        List.of(x, layers.weight(s.name(), s.out(), s.in(), 3, 3), layers.bias(s.name(), s.out()));
    return g.conv(s.name(), operands, 2, 0, 0, 1, 1);
  }

  /** One head as wide as the input; a position is a pixel. The softmax is in float32. */
  private Value attention(String name, Value x, int channels) throws IOException {
    Value h = norm(name + ".group_norm", x, channels);
    Value q = g.swapLast(name + ".queries", projected(name + ".to_q", h, channels));
    Value k = projected(name + ".to_k", h, channels);
    Value v = g.swapLast(name + ".values", projected(name + ".to_v", h, channels));
    Value factor =
        g.cast(
            name + ".factor.cast",
            g.constant(name + ".factor", new float[] {(float) (1 / Math.sqrt(channels))}, 1),
            type);
    Value scores = g.matmul(name + ".scores", g.mul(name + ".queries.scaled", q, factor), k);
    Value shares =
        g.softmax(name + ".shares", g.cast(name + ".scores.wide", scores, ElementType.FLOAT32));
    Value mixed = g.matmul(name + ".mixed", g.cast(name + ".shares.narrow", shares, type), v);
    Value plane = g.reshapeLike(name + ".plane", g.swapLast(name + ".mixed.channels", mixed), x);
    return g.add(name, layers.pointwise(name + ".to_out.0", plane, channels, channels), x);
  }

  /** {@code [N, C, H * W]}. */
  private Value projected(String name, Value x, int channels) throws IOException {
    return g.flattenPlane(name + ".flat", layers.pointwise(name, x, channels, channels));
  }
}
