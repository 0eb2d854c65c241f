package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.graph.ChannelsLastLayers.Shape;
import io.github.consistencydecoder.models.network.onnx.ChannelsLastOperators;
import io.github.consistencydecoder.models.network.onnx.ChannelsLastOperators.Norm;
import io.github.consistencydecoder.models.network.onnx.ChannelsLastOperators.NormalisedSum;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.StandardOperators;
import io.github.consistencydecoder.models.network.onnx.Value;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Writes one step of the consistency decoder for CUDA, with the inputs and the output of {@link
 * ConsistencyGraph}: channels last from end to end, weights and activations in half precision (or
 * float32), norms in float32 and fused with SiLU and, where a block's result goes into the next
 * norm, with the residual sum.
 *
 * <p>What the kernels ask for is kept: channels are padded to a multiple of 8 where the picture
 * enters and leaves, padding is the same on all sides, and weights lie as {@code [M, kH, kW, C]}.
 */
public final class ChannelsLastGraph {
  /** Changes whenever the graph does. */
  public static final int VERSION = 3;

  /** Channels come in multiples of it for tensor cores to be used. */
  static final int CHANNEL_BLOCK = 8;

  /**
   * What pictures take that lie in one piece of memory, with holes between them, for the sum of
   * those that are needed at one moment: found for the published network, where 1.17 is too little
   * (docs/adr).
   */
  private static final double HOLES = 1.2;

  /** Channels that one block of threads of the norm can take. */
  private static final int MOST_CHANNELS_OF_A_GROUP = 512;

  private final GraphBuilder g = new GraphBuilder("consistency_decoder_step_channels_last");
  private final ChannelsLastOperators ops = new ChannelsLastOperators(g);
  private final ConsistencyNetwork network;
  private final ChannelsLastLayers layers;
  private final ElementType type;
  private final boolean fused;

  /** Kept for the way up, the one needed next on top. */
  private final Deque<Value> skips = new ArrayDeque<>();

  /** What flows from block to block, unless a sum is pending. */
  private Value x;

  /** The last block's result if the next norm adds it up; otherwise null. */
  private Pending pending;

  private ChannelsLastGraph(
      ConsistencyWeights weights, Variant variant, DerivedWeights derived, Path root) {
    this.network = weights.network();
    this.type = variant.type();
    this.fused = variant.fused();
    this.layers = new ChannelsLastLayers(new GraphWeights(g, weights, derived, root), ops, type);
  }

  /**
   * Which form of the graph.
   *
   * @param type of weights and activations
   * @param fused whether convolutions and norms are CUDA's own operators; otherwise standard ones
   *     stand in their place, so that the same graph can be evaluated anywhere
   */
  public record Variant(ElementType type, boolean fused) {}

  /** Whether CUDA's norm can do the network's norms: it reads two channels of a group at a time. */
  public static boolean suits(ConsistencyNetwork network) {
    return network.blocks().stream()
        .allMatch(b -> groupSuits(b.in(), network) && groupSuits(b.out(), network));
  }

  private static boolean groupSuits(int channels, ConsistencyNetwork network) {
    int group = channels / network.groups();
    return group % 2 == 0 && group <= MOST_CHANNELS_OF_A_GROUP;
  }

  /**
   * Pixels of all pictures of a run that can be evaluated: CUDA's kernels count the elements of a
   * tensor in 31 bits.
   */
  public static long mostPixels(ConsistencyNetwork network) {
    double widest = network.widths().get(0);
    double share = 1;
    for (Block b : network.blocks()) {
      widest = Math.max(widest, b.in() * share);
      share /= Math.pow(4, b.kind().levels());
      widest = Math.max(widest, b.out() * share);
    }
    return (long) (Integer.MAX_VALUE / widest);
  }

  /**
   * Bytes of the device's memory for each pixel that an evaluation takes beyond the weights.
   *
   * @param type of weights and activations
   */
  public static long bytesPerPixel(ConsistencyNetwork network, ElementType type) {
    return (long) (HOLES * type.bytes() * ChannelsLastMemory.valuesPerPixel(network));
  }

  /**
   * Builds the graph. Nothing is left behind if it fails.
   *
   * @param derivedFile where the weights go; must not exist
   * @param root a folder that holds {@code derivedFile} at any depth
   */
  public static NetworkGraph write(
      ConsistencyWeights weights, Variant variant, Path derivedFile, Path root) throws IOException {
    return GraphLayers.build(
        derivedFile, derived -> new ChannelsLastGraph(weights, variant, derived, root).build(root));
  }

  /**
   * Builds the bare network with the inputs and the output of {@link
   * ConsistencyGraph#writeNetwork}, otherwise like {@link #write}.
   */
  public static NetworkGraph writeNetwork(
      ConsistencyWeights weights, Variant variant, Path derivedFile, Path root) throws IOException {
    return GraphLayers.build(
        derivedFile,
        derived -> new ChannelsLastGraph(weights, variant, derived, root).buildNetwork(root));
  }

  private NetworkGraph build(Path root) throws IOException {
    Value noisy =
        g.input(ConsistencyGraph.NOISY, ElementType.FLOAT32, "batch", 3L, "height", "width");
    Value features =
        g.input(
            ConsistencyGraph.FEATURES,
            ElementType.FLOAT32,
            "batch",
            4L,
            "latent_height",
            "latent_width");
    Value conditioning = conditioning();
    Value coefficients = g.input(ConsistencyGraph.COEFFICIENTS, ElementType.FLOAT32, 3L);
    List<Value> c =
        g.split(
            "split_coefficients",
            later(coefficients, noisy),
            List.of("c_in", "c_out", "c_skip"),
            new long[] {1, 1, 1});
    Value image = g.cast("image.cast", g.mul("image", noisy, c.get(0)), type);
    Value latent =
        g.enlarge("latent", g.cast("features.cast", features, type), Latents.PIXELS_PER_CELL);
    Value y =
        network(g.concat("input", image, latent), conditioning, ConsistencyNetwork.IMAGE_CHANNELS);
    Value scaled = g.mul("scaled", y, c.get(1));
    g.output(
        g.add(ConsistencyGraph.IMAGE, scaled, g.mul("skipped", noisy, c.get(2))),
        "batch",
        3L,
        "height",
        "width");
    return finished(root);
  }

  /** The coefficients, once the device's memory has been taken in one piece. */
  private Value later(Value coefficients, Value noisy) {
    Value zero =
        ops.reserve(
            "reserve", noisy, ConsistencyNetwork.IMAGE_CHANNELS, bytesPerPixel(network, type));
    return g.add("coefficients.later", coefficients, zero);
  }

  private NetworkGraph buildNetwork(Path root) throws IOException {
    Value input =
        g.input(ConsistencyGraph.INPUT, ElementType.FLOAT32, "batch", 7L, "height", "width");
    Value conditioning = conditioning();
    Value y = network(g.cast("input.cast", input, type), conditioning, network.outputs());
    g.output(
        g.identity(ConsistencyGraph.OUTPUT, y),
        "batch",
        (long) network.outputs(),
        "height",
        "width");
    return finished(root);
  }

  private Value conditioning() {
    return g.input(
        ConsistencyGraph.CONDITIONING, ElementType.FLOAT32, (long) network.conditioningLength());
  }

  private NetworkGraph finished(Path root) {
    g.remark("graph", "consistency decoder, one step, channels last, version " + VERSION);
    ModelProto model = g.build();
    return new NetworkGraph(
        (fused ? model : StandardOperators.of(model, type)).toByteArray(), root);
  }

  /**
   * A residual block's result before its parts are added, which the next norm does.
   *
   * @param block that it comes from
   * @param branch the convolutions' part
   * @param shortcut the other part
   * @param bias of both
   */
  private record Pending(Block block, Value branch, Value shortcut, Value bias) {}

  /**
   * From the 7 channels to the result.
   *
   * @param input {@code [N, 7, H, W]}
   * @return {@code [N, outputs, H, W] float32}
   */
  private Value network(Value input, Value conditioning, int outputs) throws IOException {
    List<Block> blocks = network.blocks();
    Deque<Value> affine = new ArrayDeque<>(affine(conditioning, blocks));
    int first = network.widths().get(0);
    Value entering = entering(input);
    List<Value> weights =
        layers.widened(
            "conv_in",
            new Shape(first, ConsistencyNetwork.INPUT_CHANNELS, 3),
            new Shape(first, CHANNEL_BLOCK, 3));
    x = ops.convolution("conv_in", entering, weights, 1);
    for (int i = 0; i < blocks.size(); i++) {
      Block b = blocks.get(i);
      if (b.skip() > 0) {
        // The first one, which would be kept all the way, is made again and costs next to nothing.
        Value skip = skips.isEmpty() ? again(entering, weights) : skips.pop();
        x = ops.concat(b.name() + ".input", x, skip);
      }
      Value h = normalised(b.name() + ".norm1", b.in(), true);
      Norm second = new Norm(affine.pop(), affine.pop(), network.groups(), network.epsilon());
      block(b, h, second, i + 1 == blocks.size() || blocks.get(i + 1).skip() == 0);
    }
    return exit(normalised("conv_norm_out", first, false), first, outputs);
  }

  /** The picture as it enters: channels last, and as many of them as tensor cores want. */
  private Value entering(Value input) {
    Value last = ops.channelsLast("input.last", input);
    return ops.padChannels("input.padded", last, CHANNEL_BLOCK - ConsistencyNetwork.INPUT_CHANNELS);
  }

  private Value again(Value entering, List<Value> weights) {
    Value later = ops.notBefore("conv_in.later", entering, x, CHANNEL_BLOCK);
    return ops.convolution("conv_in.again", later, weights, 1);
  }

  private Value exit(Value h, int first, int outputs) throws IOException {
    List<Value> weights =
        layers.widened(
            "conv_out", new Shape(outputs, first, 3), new Shape(CHANNEL_BLOCK, first, 3));
    Value y = ops.convolution("conv_out", h, weights, 1);
    Value wanted = ops.firstChannels("y.last", y, outputs);
    return ops.channelsFirst("y", g.cast("y.wide", wanted, ElementType.FLOAT32));
  }

  /** The conditioning vector cut up: gamma' and beta' of each block, {@code [C]} each. */
  private List<Value> affine(Value conditioning, List<Block> blocks) {
    List<String> names = new ArrayList<>();
    long[] lengths = new long[2 * blocks.size()];
    for (int i = 0; i < blocks.size(); i++) {
      names.add(blocks.get(i).name() + ".norm2.gamma");
      names.add(blocks.get(i).name() + ".norm2.beta");
      lengths[2 * i] = blocks.get(i).out();
      lengths[2 * i + 1] = blocks.get(i).out();
    }
    return g.split("split_conditioning", conditioning, names, lengths);
  }

  /**
   * Norm and SiLU of what flows; if that is a sum that is pending, it is added up on the way.
   *
   * @param sumNeeded whether anything but the norm needs the sum
   */
  private Value normalised(String name, int channels, boolean sumNeeded) throws IOException {
    Norm norm = layers.norm(name, channels, network.groups(), network.epsilon());
    if (pending == null) {
      return ops.normalise(name, x, norm);
    }
    Pending p = pending;
    pending = null;
    if (!sumNeeded) {
      return ops.normaliseSum(name, p.branch(), p.shortcut(), p.bias(), norm);
    }
    NormalisedSum sum =
        ops.normaliseKeptSum(name, p.block().name(), p.branch(), p.shortcut(), p.bias(), norm);
    x = sum.sum();
    keep(p.block());
    return sum.normalised();
  }

  /** On the way down, {@code x} will be needed on the way up. */
  private void keep(Block b) {
    if (b.name().startsWith("down")) {
      skips.push(x);
    }
  }

  /**
   * A residual block from its first activation on.
   *
   * @param h {@code x} after norm and SiLU
   * @param second the norm between the convolutions
   * @param normNext whether the result goes into a norm, and not into a concatenation
   */
  private void block(Block b, Value h, Norm second, boolean normNext) throws IOException {
    String name = b.name();
    Value shortcut = x;
    Value inner =
        switch (b.kind()) {
          case SAME -> layers.biased(name + ".conv1", h, b.out(), b.in());
          case DOWN -> {
            shortcut = ops.averagePool2(name + ".shortcut", x);
            Value pooled = ops.averagePool2(name + ".norm1.pooled", h);
            yield layers.biased(name + ".conv1", pooled, b.out(), b.in());
          }
          // What is taken up next has the doubled size.
          case UP -> layers.doublingConvolution(name + ".conv1", h, b.out(), skips.peek());
        };
    List<String> biased = new ArrayList<>(List.of(name + ".conv2"));
    if (b.hasShortcut()) {
      biased.add(name + ".conv_shortcut");
      Shape pointwise = new Shape(b.out(), b.in(), 1);
      shortcut = layers.convolution(name + ".conv_shortcut", shortcut, pointwise, List.of());
    }
    // Added by the next norm, which adds anyway, or by a convolution.
    Value bias = layers.bias(name + ".bias", biased);
    boolean byNorm = normNext && b.kind() != Block.Kind.UP;
    Value branch =
        layers.convolution(
            name + ".conv2",
            ops.normalise(name + ".norm2", inner, second),
            new Shape(b.out(), b.out(), 3),
            byNorm ? List.of() : List.of(bias));
    if (byNorm) {
      pending = new Pending(b, branch, shortcut, bias);
    } else {
      x =
          b.kind() == Block.Kind.UP
              ? ops.addDoubled(name, branch, shortcut, b.out())
              : g.add(name, branch, shortcut);
      keep(b);
    }
  }
}
