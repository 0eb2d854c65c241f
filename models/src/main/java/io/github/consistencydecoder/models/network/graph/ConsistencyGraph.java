package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.FoldedNorms;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.graph.WinogradConvolutions.Addend;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Writes one step of the consistency decoder as an ONNX graph, for any batch and size. One class,
 * however long, so that the network is read from its first layer to its last.
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

  /** Input in place of {@link #CONDITIONING} where statistics are given: {@link FoldedNorms}. */
  public static final String NORMS = "norms";

  /** Output in place of {@link #IMAGE} where statistics are measured. */
  public static final String STATISTICS = "statistics";

  /** Input of the bare network. */
  public static final String INPUT = "sample";

  /** Output of the bare network. */
  public static final String OUTPUT = "output";

  /** Changes whenever the graph does, so that cached graphs of an older one are not used. */
  public static final int VERSION = 4;

  /** Changes whenever what {@link #prepare} writes does. */
  public static final int PREPARED_VERSION = 2;

  /**
   * Channels at full resolution from which on {@link #writeSized} is faster than {@link #write}:
   * with few channels, transforming tiles costs more than the multiplications it saves.
   */
  private static final int TILING_PAYS_FROM = 128;

  private final GraphBuilder g = new GraphBuilder("consistency_decoder_step");
  private final ConsistencyNetwork network;
  private final GraphLayers layers;
  private final GraphNorms norms;
  private final NormStatistics statistics;
  private final ElementType type;
  private final Optional<Size> size;
  private final WinogradConvolutions tiled;
  private int level;

  private ConsistencyGraph(
      ConsistencyWeights weights,
      NormStatistics statistics,
      ElementType type,
      DerivedWeights derived,
      Path root,
      Optional<Size> size,
      SizedForm form) {
    this.network = weights.network();
    GraphWeights constants = new GraphWeights(g, weights, derived, root);
    this.layers = new GraphLayers(g, constants, type);
    this.statistics = statistics;
    this.norms = new GraphNorms(g, layers, network, statistics);
    this.type = type;
    this.size = size;
    this.tiled = size.isPresent() ? new WinogradConvolutions(g, constants, form) : null;
  }

  /**
   * A picture's size.
   *
   * @param height in pixels, a multiple of 8
   * @param width in pixels, a multiple of 8
   */
  public record Size(int height, int width) {
    /** Of what {@code level} halvings leave. */
    private Size at(int level) {
      return new Size(height >> level, width >> level);
    }
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
    return write(weights, NormStatistics.OWN, type, derivedFile, root);
  }

  /**
   * Builds the graph with a choice of statistics: {@link NormStatistics#GIVEN} has the input
   * {@value #NORMS} instead of {@value #CONDITIONING}, {@link NormStatistics#MEASURED} takes one
   * picture and has the output {@value #STATISTICS} instead of {@value #IMAGE}. Otherwise as the
   * other.
   */
  public static NetworkGraph write(
      ConsistencyWeights weights,
      NormStatistics statistics,
      ElementType type,
      Path derivedFile,
      Path root)
      throws IOException {
    return GraphLayers.build(
        derivedFile,
        derived ->
            new ConsistencyGraph(
                    weights, statistics, type, derived, root, Optional.empty(), SizedForm.USUAL)
                .build(root));
  }

  /**
   * Writes the weights that {@link #writeSized} needs and the checkpoint has not. Nothing is left
   * behind if it fails.
   *
   * @param derivedFile must not exist
   * @param root as for {@link #write}
   */
  public static PreparedWeights prepare(ConsistencyWeights weights, Path derivedFile, Path root)
      throws IOException {
    PreparedWeights[] prepared = new PreparedWeights[1];
    // Large enough that every convolution is transformed.
    Optional<Size> large = Optional.of(new Size(512, 512));
    GraphLayers.build(
        derivedFile,
        derived -> {
          NetworkGraph graph =
              new ConsistencyGraph(
                      weights,
                      NormStatistics.OWN,
                      ElementType.FLOAT32,
                      derived,
                      root,
                      large,
                      SizedForm.USUAL)
                  .build(root);
          prepared[0] = derived.prepared();
          return graph;
        });
    return prepared[0];
  }

  /**
   * Builds the graph in float32 for one picture of one size, with convolutions in {@link
   * Winograd}'s form: of larger tiles in all but the lowest resolution, whose weights are many and
   * used for few pixels.
   *
   * @param prepared what {@link #prepare} wrote
   * @param form of the graph
   * @param root a folder that holds the prepared file and the checkpoint's at any depth
   * @param statistics as for {@link #write}
   */
  public static NetworkGraph writeSized(
      ConsistencyWeights weights,
      NormStatistics statistics,
      PreparedWeights prepared,
      Size size,
      SizedForm form,
      Path root)
      throws IOException {
    try (DerivedWeights derived = DerivedWeights.complete(prepared)) {
      return new ConsistencyGraph(
              weights, statistics, ElementType.FLOAT32, derived, root, Optional.of(size), form)
          .build(root);
    }
  }

  /** Whether {@link #writeSized} is the faster way for a network. */
  public static boolean tilingPays(ConsistencyNetwork network) {
    return network.widths().get(0) >= TILING_PAYS_FROM;
  }

  /** Bytes that {@link #prepare} writes. */
  public static long preparedBytes(ConsistencyWeights weights) {
    return PreparedWeights.bytes(weights);
  }

  /**
   * Like {@link #writeSized}, of the bare network like {@link #writeNetwork}.
   *
   * @param bandBytes that the intermediate tensors of one band of rows may take
   */
  public static NetworkGraph writeSizedNetwork(
      ConsistencyWeights weights, Size size, long bandBytes, Path derivedFile, Path root)
      throws IOException {
    return GraphLayers.build(
        derivedFile,
        derived ->
            new ConsistencyGraph(
                    weights,
                    NormStatistics.OWN,
                    ElementType.FLOAT32,
                    derived,
                    root,
                    Optional.of(size),
                    new SizedForm(bandBytes, false))
                .buildNetwork(root));
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
    return GraphLayers.build(
        derivedFile,
        derived ->
            new ConsistencyGraph(
                    weights,
                    NormStatistics.OWN,
                    type,
                    derived,
                    root,
                    Optional.empty(),
                    SizedForm.USUAL)
                .buildNetwork(root));
  }

  private NetworkGraph buildNetwork(Path root) throws IOException {
    Value input = g.input(INPUT, ElementType.FLOAT32, batch(), 7L, "height", "width");
    norms.declareInput();
    Value y = network(g.cast("input.cast", input, type), network.outputs());
    g.output(
        g.cast(OUTPUT, y, ElementType.FLOAT32),
        batch(),
        (long) network.outputs(),
        "height",
        "width");
    return new NetworkGraph(g.build().toByteArray(), root);
  }

  private Object batch() {
    return size.isPresent() ? (Object) 1L : "batch";
  }

  private NetworkGraph build(Path root) throws IOException {
    Value noisy = g.input(NOISY, ElementType.FLOAT32, batch(), 3L, "height", "width");
    Value features =
        g.input(FEATURES, ElementType.FLOAT32, batch(), 4L, "latent_height", "latent_width");
    norms.declareInput();
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
    Value input = g.concat("input", image, latent);
    g.remark("graph", "consistency decoder, one step, version " + VERSION);
    if (statistics == NormStatistics.MEASURED) {
      Activation last = blocks(input);
      norms.folded(last.norm(), wide(last), last.channels(), level);
      Value measured = norms.measured(STATISTICS);
      g.output(measured, (long) network.statisticsLength());
      return new NetworkGraph(g.build().toByteArray(), root);
    }
    Value y = network(input, ConsistencyNetwork.IMAGE_CHANNELS);
    Value scaled = g.mul("scaled", g.cast("y", y, ElementType.FLOAT32), c.get(1));
    g.output(
        g.add(IMAGE, scaled, g.mul("skipped", noisy, c.get(2))), batch(), 3L, "height", "width");
    return new NetworkGraph(g.build().toByteArray(), root);
  }

  private Value network(Value input, int outputs) throws IOException {
    return convolved(blocks(input), "conv_out", outputs, Block.Kind.SAME, null);
  }

  /** Everything up to the last norm. */
  private Activation blocks(Value input) throws IOException {
    int first = network.widths().get(0);
    Value x = layers.convolution("conv_in", input, first, ConsistencyNetwork.INPUT_CHANNELS);
    Deque<Value> skips = new ArrayDeque<>();
    skips.push(x);
    for (Block b : network.blocks()) {
      if (b.skip() > 0) {
        x = sized(g.concat(b.name() + ".input", x, skips.pop()), b.in());
      }
      x = block(b, x);
      if (b.name().startsWith("down")) {
        skips.push(x);
      }
    }
    return new Activation("conv_norm_out", x, first);
  }

  private Value block(Block b, Value x) throws IOException {
    String name = b.name();
    Addend shortcut = new Addend(x, b.kind() == Block.Kind.UP);
    if (shortcut.doubled() && size.isEmpty()) {
      // Written first, the runtime evaluates it last.
      shortcut = new Addend(g.enlarge(name + ".shortcut", x, 2), false);
    }
    Activation first = new Activation(name + ".norm1", x, b.in());
    Value h = sized(convolved(first, name + ".conv1", b.out(), b.kind(), null), b.out());
    if (b.kind() == Block.Kind.DOWN) {
      shortcut = new Addend(g.averagePool2(name + ".shortcut", x), false);
    }
    // Written after the first convolution, the runtime evaluates it before: its input may be wide
    // and is then needed no longer.
    if (b.hasShortcut()) {
      Value added = layers.pointwise(name + ".conv_shortcut", shortcut.x(), b.out(), b.in());
      shortcut = new Addend(added, shortcut.doubled());
    }
    Activation second = new Activation(name + ".norm2", h, b.out());
    return convolved(second, name + ".conv2", b.out(), Block.Kind.SAME, shortcut);
  }

  private Value plus(String name, Value h, Addend addend) {
    if (addend == null) {
      return h;
    }
    Value x = addend.x();
    return g.add(name + ".sum", h, addend.doubled() ? g.enlarge(name + ".added", x, 2) : x);
  }

  /** Says what is known of a tensor's shape, in a graph for one size. */
  private Value sized(Value x, int channels) {
    return size.isEmpty() ? x : tiled.sized(x, channels, size.get().at(level).height());
  }

  /**
   * A norm and SiLU before a convolution.
   *
   * @param norm its name
   * @param x what is normalised
   * @param channels of {@code x}
   */
  private record Activation(String norm, Value x, int channels) {}

  /** Norm, SiLU, a change of resolution, 3x3 convolution, and a sum unless that is null. */
  private Value convolved(Activation a, String name, int out, Block.Kind kind, Addend addend)
      throws IOException {
    int in = a.channels();
    int before = level;
    level += kind.levels();
    if (size.isEmpty() || !tiles(size.get().at(level))) {
      Value h = normalised(a, before);
      h =
          switch (kind) {
            case SAME -> layers.convolution(name, h, out, in);
            case DOWN -> layers.convolution(name, g.averagePool2(a.norm() + ".pooled", h), out, in);
            case UP -> layers.doublingConvolution(name, h, out, in, true);
          };
      return plus(name, h, addend);
    }
    Size after = size.get().at(level);
    WinogradConvolutions.Layer layer =
        new WinogradConvolutions.Layer(
            Winograd.at(level),
            name,
            out,
            in,
            after.height(),
            after.width(),
            kind == Block.Kind.UP);
    if (kind == Block.Kind.DOWN) {
      Value h = g.averagePool2(a.norm() + ".pooled", normalised(a, before));
      return tiled.convolution(layer, h, null, null);
    }
    ChannelNorm norm = norms.of(a.norm(), a.x(), in, before);
    return tiled.convolution(layer, a.x(), norm, addend);
  }

  private boolean tiles(Size result) {
    return Winograd.pays(level, result.height(), result.width());
  }

  private Value normalised(Activation a, int level) throws IOException {
    Value wide = wide(a);
    List<Value> affine = norms.folded(a.norm(), wide, a.channels(), level);
    Value y = g.add(a.norm(), g.mul(a.norm() + ".scaled", wide, affine.get(0)), affine.get(1));
    return g.silu(a.norm() + ".silu", g.cast(a.norm() + ".narrow", y, type));
  }

  private Value wide(Activation a) {
    return g.cast(a.norm() + ".wide", a.x(), ElementType.FLOAT32);
  }
}
