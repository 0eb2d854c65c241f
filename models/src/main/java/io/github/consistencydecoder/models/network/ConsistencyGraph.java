package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.models.onnx.GraphBuilder;
import io.github.consistencydecoder.models.onnx.Value;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Writes one step of the consistency decoder as an ONNX graph, for any batch and size.
 *
 * <table>
 *   <caption>inputs and output</caption>
 *   <tr><td>{@value #NOISY}</td><td>{@code [N, 3, 8h, 8w] float32}, the noisy image of this step</td></tr>
 *   <tr><td>{@value #FEATURES}</td><td>{@code [N, 4, h, w] float32}, normalised latents</td></tr>
 *   <tr><td>{@value #CONDITIONING}</td><td>float32, {@link Conditioning} of this step's timestep</td></tr>
 *   <tr><td>{@value #COEFFICIENTS}</td><td>{@code [3] float32}: c_in, c_out, c_skip of this step's timestep</td></tr>
 *   <tr><td>{@value #IMAGE}</td><td>{@code [N, 3, 8h, 8w] float32}, the image, not clamped</td></tr>
 * </table>
 *
 * <p>Against the published network: the time conditioning arrives folded into the second norms, the
 * last convolution computes the three channels that are used, and doubling followed by a
 * convolution is four smaller convolutions.
 */
public final class ConsistencyGraph {
  public static final String NOISY = "x_t";
  public static final String FEATURES = "features";
  public static final String CONDITIONING = "conditioning";
  public static final String COEFFICIENTS = "coefficients";
  public static final String IMAGE = "x0";

  /** Input of the bare network. */
  public static final String INPUT = "sample";

  /** Output of the bare network. */
  public static final String OUTPUT = "output";

  /** Changes whenever the graph does, so that cached graphs of an older one are not used. */
  public static final int VERSION = 1;

  private final GraphBuilder g = new GraphBuilder("consistency_decoder_step");
  private final ConsistencyNetwork network;
  private final GraphWeights weights;
  private final ElementType type;

  private ConsistencyGraph(
      ConsistencyWeights weights, ElementType type, DerivedWeights derived, Path root) {
    this.network = weights.network();
    this.weights = new GraphWeights(g, weights, derived, root);
    this.type = type;
  }

  /**
   * Builds the graph. Nothing is left behind if it fails.
   *
   * @param type {@link ElementType#FLOAT32}, or {@link ElementType#FLOAT16} for weights and
   *     activations in half precision with norms in float32
   * @param derivedFile where weights go that are not used as the checkpoint holds them; must not
   *     exist
   * @param root a folder that holds {@code derivedFile} at any depth; weights of checkpoint files
   *     outside it are copied
   */
  public static NetworkGraph write(
      ConsistencyWeights weights, ElementType type, Path derivedFile, Path root)
      throws IOException {
    try (DerivedWeights derived = new DerivedWeights(derivedFile)) {
      return new ConsistencyGraph(weights, type, derived, root).build(root);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(derivedFile);
      throw e;
    }
  }

  /**
   * Builds the bare network, for comparing it with other implementations: input {@value #INPUT}
   * {@code [N, 7, H, W]}, image channels times c_in, then normalised latent channels at full
   * resolution; {@value #CONDITIONING}; output {@value #OUTPUT} with every channel of the last
   * convolution. Otherwise like {@link #write}.
   */
  public static NetworkGraph writeNetwork(
      ConsistencyWeights weights, ElementType type, Path derivedFile, Path root)
      throws IOException {
    try (DerivedWeights derived = new DerivedWeights(derivedFile)) {
      return new ConsistencyGraph(weights, type, derived, root).buildNetwork(root);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(derivedFile);
      throw e;
    }
  }

  private NetworkGraph buildNetwork(Path root) throws IOException {
    Value input = g.input(INPUT, ElementType.FLOAT32, "batch", 7L, "height", "width");
    Value conditioning =
        g.input(CONDITIONING, ElementType.FLOAT32, (long) network.conditioningLength());
    Value y = network(g.cast("input.cast", input, type), conditioning, network.outputs());
    g.output(
        g.cast(OUTPUT, y, ElementType.FLOAT32),
        "batch",
        (long) network.outputs(),
        "height",
        "width");
    return new NetworkGraph(g.build().toByteArray(), root);
  }

  private NetworkGraph build(Path root) throws IOException {
    Value noisy = g.input(NOISY, ElementType.FLOAT32, "batch", 3L, "height", "width");
    Value features =
        g.input(FEATURES, ElementType.FLOAT32, "batch", 4L, "latent_height", "latent_width");
    Value conditioning =
        g.input(CONDITIONING, ElementType.FLOAT32, (long) network.conditioningLength());
    Value coefficients = g.input(COEFFICIENTS, ElementType.FLOAT32, 3L);
    List<Value> c =
        g.splitToChannels(
            "split_coefficients",
            coefficients,
            List.of("c_in", "c_out", "c_skip"),
            new long[] {1, 1, 1});
    Value image = g.cast("image.cast", g.mul("image", noisy, c.get(0)), type);
    Value latent =
        g.enlarge("latent", g.cast("features.cast", features, type), Latents.PIXELS_PER_CELL);
    Value y =
        network(g.concat("input", image, latent), conditioning, ConsistencyNetwork.IMAGE_CHANNELS);
    Value scaled = g.mul("scaled", g.cast("y", y, ElementType.FLOAT32), c.get(1));
    g.output(
        g.add(IMAGE, scaled, g.mul("skipped", noisy, c.get(2))), "batch", 3L, "height", "width");
    g.remark("graph", "consistency decoder, one step, version " + VERSION);
    return new NetworkGraph(g.build().toByteArray(), root);
  }

  private Value network(Value input, Value conditioning, int outputs) throws IOException {
    List<Block> blocks = network.blocks();
    Deque<Value> affine = new ArrayDeque<>(affine(conditioning, blocks));
    int first = network.widths().get(0);
    Value x = convolution("conv_in", input, first, ConsistencyNetwork.INPUT_CHANNELS);
    Deque<Value> skips = new ArrayDeque<>();
    skips.push(x);
    for (Block b : blocks) {
      if (b.skip() > 0) {
        x = g.concat(b.name() + ".input", x, skips.pop());
      }
      x = block(b, x, affine.pop(), affine.pop());
      if (b.name().startsWith("down")) {
        skips.push(x);
      }
    }
    Value last = normalised("conv_norm_out", x, ownAffine("conv_norm_out", first));
    return convolution("conv_out", last, outputs, first);
  }

  /** The conditioning vector cut up: gamma' and beta' of each block, {@code [C, 1, 1]} each. */
  private List<Value> affine(Value conditioning, List<Block> blocks) {
    List<String> names = new ArrayList<>();
    long[] lengths = new long[2 * blocks.size()];
    for (int i = 0; i < blocks.size(); i++) {
      names.add(blocks.get(i).name() + ".norm2.gamma");
      names.add(blocks.get(i).name() + ".norm2.beta");
      lengths[2 * i] = blocks.get(i).out();
      lengths[2 * i + 1] = blocks.get(i).out();
    }
    return g.splitToChannels("split_conditioning", conditioning, names, lengths);
  }

  private Value block(Block b, Value x, Value gamma, Value beta) throws IOException {
    String name = b.name();
    Value h = normalised(name + ".norm1", x, ownAffine(name + ".norm1", b.in()));
    switch (b.kind()) {
      case SAME -> h = convolution(name + ".conv1", h, b.out(), b.in());
      case DOWN -> {
        h = convolution(name + ".conv1", g.averagePool2(name + ".pooled", h), b.out(), b.in());
        x = g.averagePool2(name + ".shortcut", x);
      }
      case UP -> {
        h = doublingConvolution(name + ".conv1", h, b.out(), b.in());
        x = g.enlarge(name + ".shortcut", x, 2);
      }
    }
    h = normalised(name + ".norm2", h, List.of(gamma, beta));
    h = convolution(name + ".conv2", h, b.out(), b.out());
    if (b.hasShortcut()) {
      Value w = weights.constant(name + ".conv_shortcut.weight", type, b.out(), b.in(), 1, 1);
      Value bias = weights.constant(name + ".conv_shortcut.bias", type, b.out());
      x = g.conv(name + ".shortcut", x, w, bias, 0, 0, 0, 0);
    }
    return g.add(name, h, x);
  }

  /** Norm, affine part and SiLU; the norm in float32 whatever the graph's type. */
  private Value normalised(String name, Value x, List<Value> affine) {
    Value wide = g.cast(name + ".wide", x, ElementType.FLOAT32);
    Value n = g.normaliseGroups(name + ".plain", wide, network.groups(), network.epsilon());
    n = g.add(name, g.mul(name + ".scaled", n, affine.get(0)), affine.get(1));
    return g.silu(name + ".silu", g.cast(name + ".narrow", n, type));
  }

  private List<Value> ownAffine(String norm, long channels) throws IOException {
    return List.of(
        weights.constant(norm + ".weight", ElementType.FLOAT32, channels, 1, 1),
        weights.constant(norm + ".bias", ElementType.FLOAT32, channels, 1, 1));
  }

  private Value convolution(String name, Value x, long out, long in) throws IOException {
    Value w = weights.constant(name + ".weight", type, out, in, 3, 3);
    Value b = weights.constant(name + ".bias", type, out);
    return g.conv(name, x, w, b, 1, 1, 1, 1);
  }

  private Value doublingConvolution(String name, Value x, long out, long in) throws IOException {
    float[] w = weights.floats(name + ".weight");
    Value b = weights.constant(name + ".bias", type, out);
    Value[] phases = new Value[4];
    for (int row = 0; row < 2; row++) {
      for (int column = 0; column < 2; column++) {
        String phase = name + ".phase" + row + column;
        Value kernel =
            weights.derived(
                phase + ".weight", type, PhaseKernels.of(w, row, column), out, in, 2, 2);
        phases[2 * row + column] = g.conv(phase, x, kernel, b, PhaseKernels.pads(row, column));
      }
    }
    return g.interleave2(name, g.concat(name + ".phases", phases));
  }
}
