package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.onnx.BandOperators;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the stages of the consistency network as ONNX graphs that see one band of rows at a time,
 * in float32, one picture at a time.
 *
 * <table>
 *   <caption>inputs and outputs, in order; i counts the sources</caption>
 *   <tr><td>{@value #INPUT}</td><td>{@code [1, 7, rows + 2, W]}, for {@link BandStage.Kind#IN},
 *     which has no other: the image times c_in and the latent enlarged, with a row above and one
 *     below, zeros beyond the picture</td></tr>
 *   <tr><td>{@value #BODY} i</td><td>{@code [1, C, rows, W]}, the band of a source</td></tr>
 *   <tr><td>{@value #ABOVE} i, {@value #BELOW} i</td><td>{@code [1, C, n, W]}: rows that end where
 *     the band begins, and that begin where it ends; at least {@link BandStage#halo()}, or none
 *     where the picture ends</td></tr>
 *   <tr><td>{@value #TOP}, {@value #BOTTOM}</td><td>{@code [1, in, n, W]}: zeros, as many rows as
 *     the halo has where the picture ends, none elsewhere</td></tr>
 *   <tr><td>{@value #SCALE}, {@value #SHIFT}</td><td>{@code [in, 1, 1]}: what the norm is once its
 *     statistics are known</td></tr>
 *   <tr><td>{@value #SHORTCUT} i</td><td>{@code [1, C, rows, W]}</td></tr>
 *   <tr><td>first output</td><td>{@code [1, out, rows, W]}, the band of the result</td></tr>
 *   <tr><td>second, third output</td><td>{@code [1, out, 1, 1]}: mean of each of its planes, and
 *     the sum of squares of what differs from it; not for {@link BandStage.Kind#OUT}</td></tr>
 * </table>
 */
public final class BandGraphs {
  public static final String INPUT = "input";
  public static final String BODY = "body";
  public static final String ABOVE = "above";
  public static final String BELOW = "below";
  public static final String TOP = "top";
  public static final String BOTTOM = "bottom";
  public static final String SCALE = "scale";
  public static final String SHIFT = "shift";
  public static final String SHORTCUT = "shortcut";

  /** Input of {@link #block}. */
  public static final String SHAPE = "shape";

  /** Changes whenever what {@link #prepare} writes does. */
  public static final int PREPARED_VERSION = 1;

  /** Bytes that the transformed inputs and products of one product may take. */
  private static final long TILE_BYTES = 48L << 20;

  private final ConsistencyWeights weights;
  private final PreparedWeights prepared;
  private final Path root;
  private final boolean tiled;

  /**
   * Graphs over prepared weights.
   *
   * @param prepared what {@link ConsistencyGraph#prepare} wrote if {@code tiled}, otherwise what
   *     {@link #prepare} did
   * @param root a folder that holds the prepared file and the checkpoint's at any depth
   * @param tiled whether convolutions are written in {@link Winograd}'s form where that pays; a
   *     graph then serves one number of rows and one width
   */
  public BandGraphs(
      ConsistencyWeights weights, PreparedWeights prepared, Path root, boolean tiled) {
    this.weights = weights;
    this.prepared = prepared;
    this.root = root;
    this.tiled = tiled;
  }

  /** Whether a graph serves one number of rows and one width alone. */
  public boolean sized() {
    return tiled;
  }

  /**
   * Writes the weights that the stages need and the checkpoint has not. Nothing is left behind if
   * it fails.
   *
   * @param derivedFile must not exist
   * @param root a folder that holds {@code derivedFile} at any depth; weights of checkpoint files
   *     outside it are copied
   */
  public static PreparedWeights prepare(ConsistencyWeights weights, Path derivedFile, Path root)
      throws IOException {
    PreparedWeights[] prepared = new PreparedWeights[1];
    GraphLayers.build(
        derivedFile,
        derived -> {
          NetworkGraph last = null;
          for (BandStage stage : BandStage.of(weights.network())) {
            last = new Writing(weights, derived, root, stage, false, 0, 0).build();
          }
          prepared[0] = derived.prepared();
          return last;
        });
    return prepared[0];
  }

  /** Bytes that {@link #prepare} writes, at most. */
  public static long preparedBytes(ConsistencyWeights weights) {
    ConsistencyNetwork network = weights.network();
    long phases =
        network.blocks().stream()
            .filter(b -> b.kind() == Block.Kind.UP)
            .mapToLong(b -> 16L * b.in() * b.out())
            .sum();
    return 4 * (phases + network.parameters());
  }

  /**
   * Bytes that the transformed inputs and products of a stage in Winograd's form take at a time.
   *
   * @param rows of the band of the result
   * @param width of the result
   */
  public static long tileBytes(BandStage stage, int rows, int width) {
    if (!Winograd.pays(stage.result().level(), rows, width)) {
      return 0;
    }
    WinogradConvolutions.Layer layer =
        new WinogradConvolutions.Layer(
            Winograd.at(stage.result().level()),
            stage.convolution(),
            stage.result().channels(),
            stage.in(),
            rows,
            width,
            false);
    long tiles = (long) layer.bandRows(TILE_BYTES) * layer.tileColumns();
    return 4L * layer.form().products() * (layer.in() + layer.out()) * tiles;
  }

  /**
   * The graph of a stage.
   *
   * @param rows of the band of the result
   * @param width of the result
   */
  public NetworkGraph write(BandStage stage, int rows, int width) throws IOException {
    try (DerivedWeights derived = DerivedWeights.complete(prepared)) {
      return new Writing(weights, derived, root, stage, tiled, rows, width).build();
    }
  }

  /**
   * A graph that makes a tensor: {@value #SHAPE} {@code [4] int64}; the only output has that shape
   * and is zero.
   */
  public static NetworkGraph block(Path root) {
    GraphBuilder g = new GraphBuilder("block");
    Value shape = g.input(SHAPE, ElementType.INT64, 4L);
    g.output(new BandOperators(g).zeros("block", shape), "n", "c", "h", "w");
    return new NetworkGraph(g.build().toByteArray(), root);
  }

  /** One graph under construction. */
  private static final class Writing {
    private final GraphBuilder g = new GraphBuilder("consistency_decoder_stage");
    private final BandOperators operators = new BandOperators(g);
    private final BandStage stage;
    private final Path root;
    private final GraphWeights constants;
    private final GraphLayers layers;
    private final boolean tiled;
    private final int rows;
    private final int width;

    Writing(
        ConsistencyWeights weights,
        DerivedWeights derived,
        Path root,
        BandStage stage,
        boolean tiled,
        int rows,
        int width) {
      this.stage = stage;
      this.root = root;
      this.constants = new GraphWeights(g, weights, derived, root);
      this.layers = new GraphLayers(g, constants, ElementType.FLOAT32);
      this.tiled = tiled && Winograd.pays(stage.result().level(), rows, width);
      this.rows = rows;
      this.width = width;
    }

    NetworkGraph build() throws IOException {
      Value result =
          switch (stage.kind()) {
            case IN -> haloed(input(INPUT, ConsistencyNetwork.INPUT_CHANNELS, "rows_haloed"));
            case FIRST, OUT -> convolved();
            case SECOND -> g.add("result", convolved(), shortcut());
          };
      int out = stage.result().channels();
      g.output(result, 1L, (long) out, "rows_out", "width_out");
      if (stage.kind() != BandStage.Kind.OUT) {
        Value mean = operators.planeMeans("mean", result);
        g.output(mean, 1L, (long) out, 1L, 1L);
        Value centred = g.subtract("centred", result, mean);
        g.output(operators.planeSquares("squares", centred), 1L, (long) out, 1L, 1L);
      }
      return new NetworkGraph(g.build().toByteArray(), root);
    }

    private Value input(String name, long channels, String rowsName) {
      return g.input(name, ElementType.FLOAT32, 1L, channels, rowsName, "width_in");
    }

    /** 3x3 convolution of a tensor that has a row more above and below. */
    private Value haloed(Value x) throws IOException {
      String name = stage.convolution();
      int out = stage.result().channels();
      int in = stage.kind() == BandStage.Kind.IN ? ConsistencyNetwork.INPUT_CHANNELS : stage.in();
      Value w = layers.weight(name, out, in, 3, 3);
      return g.conv(name, x, w, layers.bias(name, out), 0, 1, 0, 1);
    }

    /** Norm, SiLU, change of resolution and convolution. */
    private Value convolved() throws IOException {
      int in = stage.in();
      List<Value> bodies = new ArrayList<>();
      List<Value> above = new ArrayList<>();
      List<Value> below = new ArrayList<>();
      for (int i = 0; i < stage.sources().size(); i++) {
        int channels = stage.sources().get(i).channels();
        bodies.add(input(BODY + i, channels, "rows_in"));
        Value a = input(ABOVE + i, channels, "rows_above" + i);
        above.add(operators.lastRows("last" + i, a, stage.halo()));
        Value b = input(BELOW + i, channels, "rows_below" + i);
        below.add(operators.firstRows("first" + i, b, stage.halo()));
      }
      Value top = input(TOP, in, "rows_top");
      Value bottom = input(BOTTOM, in, "rows_bottom");
      Value scale = g.input(SCALE, ElementType.FLOAT32, (long) in, 1L, 1L);
      Value shift = g.input(SHIFT, ElementType.FLOAT32, (long) in, 1L, 1L);
      Value a = activated("above", joined("above", above), scale, shift);
      Value b = activated("body", joined("body", bodies), scale, shift);
      Value c = activated("below", joined("below", below), scale, shift);
      if (doubling() && !tiled) {
        return doubled(
            operators.stack("upper", List.of(top, a, b)),
            operators.stack("lower", List.of(b, c, bottom)));
      }
      Value all = operators.stack("haloed", List.of(top, a, b, c, bottom));
      if (stage.kind() == BandStage.Kind.FIRST && stage.change() == Block.Kind.DOWN) {
        all = g.averagePool2("pooled", all);
      }
      if (!tiled) {
        return haloed(all);
      }
      WinogradConvolutions.Layer layer =
          new WinogradConvolutions.Layer(
              Winograd.at(stage.result().level()),
              stage.convolution(),
              stage.result().channels(),
              in,
              rows,
              width,
              doubling());
      return new WinogradConvolutions(g, constants, new SizedForm(TILE_BYTES, false))
          .haloedConvolution(layer, all);
    }

    private boolean doubling() {
      return stage.kind() == BandStage.Kind.FIRST && stage.change() == Block.Kind.UP;
    }

    private Value joined(String name, List<Value> parts) {
      return parts.size() == 1
          ? parts.get(0)
          : g.concat(name + ".joined", parts.toArray(new Value[0]));
    }

    private Value activated(String name, Value x, Value scale, Value shift) {
      Value scaled = g.mul(name + ".scaled", x, scale);
      return g.silu(name + ".silu", g.add(name + ".shifted", scaled, shift));
    }

    /**
     * Doubling and convolution, a smaller convolution for each parity of row and column.
     *
     * @param upper the band with a row above
     * @param lower the band with a row below
     */
    private Value doubled(Value upper, Value lower) throws IOException {
      String name = stage.convolution();
      int out = stage.result().channels();
      Value bias = layers.bias(name, out);
      Value[] phases = new Value[4];
      for (int row = 0; row < 2; row++) {
        for (int column = 0; column < 2; column++) {
          Value kernel = constants.phase(name, row, column, out, stage.in());
          long[] pads = PhaseKernels.pads(row, column);
          phases[2 * row + column] =
              g.conv(
                  name + ".phase" + row + column,
                  row == 0 ? upper : lower,
                  kernel,
                  bias,
                  0,
                  pads[1],
                  0,
                  pads[3]);
        }
      }
      return g.interleave2(name, g.concat(name + ".phases", phases));
    }

    private Value shortcut() throws IOException {
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < stage.shortcut().size(); i++) {
        int channels = stage.shortcut().get(i).channels();
        parts.add(
            g.input(
                SHORTCUT + i,
                ElementType.FLOAT32,
                1L,
                (long) channels,
                "rows_shortcut",
                "width_shortcut"));
      }
      Value x = joined(SHORTCUT, parts);
      x =
          switch (stage.change()) {
            case SAME -> x;
            case DOWN -> g.averagePool2("shortcut.pooled", x);
            case UP -> g.enlarge("shortcut.doubled", x, 2);
          };
      if (stage.shortcutConvolution().isEmpty()) {
        return x;
      }
      int in = stage.shortcut().stream().mapToInt(BandTensor::channels).sum();
      return layers.pointwise(stage.shortcutConvolution().get(), x, stage.result().channels(), in);
    }
  }
}
