package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import io.github.consistencydecoder.models.network.onnx.WinogradOperators;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * 3x3 convolutions of one image in {@link Winograd}'s form, band by band of rows: scale, shift and
 * activation, transform, matrix products, transform back, bias. What a band needs stays small
 * enough for the processor's last cache and never adds much to the memory of a decode.
 *
 * <p>float32, batches of one.
 */
final class WinogradConvolutions {
  /** Bands of a layer at most: opening a graph takes more than linear time in its nodes. */
  private static final int MOST_BANDS = 8;

  private final GraphBuilder g;
  private final WinogradOperators tiles;
  private final GraphWeights weights;
  private final SizedForm form;
  private final Map<String, Value> transforms = new HashMap<>();

  /**
   * Convolutions of one graph.
   *
   * @param form of the graph; at least one row of tiles makes a band
   */
  WinogradConvolutions(GraphBuilder g, GraphWeights weights, SizedForm form) {
    this.g = g;
    this.form = form;
    this.tiles = new WinogradOperators(g);
    this.weights = weights;
  }

  /**
   * A convolution to write.
   *
   * @param form of its tiles
   * @param name of the convolution, whose weights it takes
   * @param out channels
   * @param in channels
   * @param height of the result
   * @param width of the result
   * @param doubled whether the input is doubled first, nearest neighbour; height and width are then
   *     even
   */
  record Layer(
      Winograd form, String name, int out, int in, int height, int width, boolean doubled) {
    int factor() {
      return doubled ? 2 : 1;
    }

    int tileColumns() {
      return (width + form.tile() - 1) / form.tile();
    }

    int tileRows() {
      return (height + form.tile() - 1) / form.tile();
    }

    /** Rows of tiles in a band. */
    int bandRows(long bandBytes) {
      long rowBytes = 4L * form.products() * (in + out) * tileColumns();
      int most = (int) Math.max(1, Math.min(tileRows(), bandBytes / rowBytes));
      int bands = Math.min(MOST_BANDS, (tileRows() + most - 1) / most);
      return (tileRows() + bands - 1) / bands;
    }
  }

  /**
   * What is added to the result of a convolution.
   *
   * @param x {@code [1, out, height, width]}, or half as high and wide
   * @param doubled whether it is doubled first, nearest neighbour
   */
  record Addend(Value x, boolean doubled) {}

  /**
   * Writes a convolution.
   *
   * @param x {@code [1, in, H, W]}
   * @param norm comes first, followed by SiLU; null if {@code x} is what is to be convolved
   * @param addend added band by band, so that the sum needs no tensor beside it; null for none
   * @return {@code [1, out, height, width]}
   */
  Value convolution(Layer layer, Value x, ChannelNorm norm, Addend addend) throws IOException {
    return convolution(layer, x, norm, addend, 0);
  }

  /**
   * Writes a convolution of a band of a picture.
   *
   * @param x {@code [1, in, H + 2, W]}: what is to be convolved, with a row above and one below
   * @return {@code [1, out, height, width]}
   */
  Value haloedConvolution(Layer layer, Value x) throws IOException {
    return convolution(layer, x, null, null, 1);
  }

  /**
   * Writes a convolution.
   *
   * @param halo rows of {@code x} above and below those of the result
   */
  private Value convolution(Layer layer, Value x, ChannelNorm norm, Addend addend, int halo)
      throws IOException {
    Value kernels = weights.winograd(layer.form(), layer.name(), layer.out(), layer.in());
    Value bias = weights.constant(layer.name() + ".bias", ElementType.FLOAT32, layer.out(), 1, 1);
    int rows = layer.bandRows(form.bandBytes());
    List<Value> bands = new ArrayList<>();
    for (int first = 0; first < layer.tileRows(); first += rows) {
      int count = Math.min(rows, layer.tileRows() - first);
      // The runtime evaluates first what is written last, and the last band before the others: what
      // is added is to exist before that band, so that its own input may go.
      boolean last = first + count == layer.tileRows();
      boolean early = addend != null && (form.addedFirst() || (last && !addend.doubled()));
      Value added = addend == null || early ? null : part(layer, addend, first, count);
      Value band = band(layer, x, norm, halo, kernels, bias, first, count);
      added = early ? part(layer, addend, first, count) : added;
      bands.add(added == null ? band : plus(layer, band, added, first));
    }
    return bands.size() == 1 ? bands.get(0) : tiles.stack(layer.name(), bands);
  }

  private Value band(
      Layer layer,
      Value x,
      ChannelNorm norm,
      int halo,
      Value kernels,
      Value bias,
      int first,
      int count) {
    String name =
        count == layer.tileRows() ? layer.name() + ".all" : layer.name() + ".band" + first;
    Winograd form = layer.form();
    int step = form.tile() / layer.factor();
    int window = step + 2;
    int height = layer.height() / layer.factor() + 2 * halo;
    int top = step * first - 1 + halo;
    int bottom = top + step * (count - 1) + window;
    int from = Math.max(0, top);
    int to = Math.min(height, bottom);
    Value in = x;
    if (from > 0 || to < height) {
      in = tiles.unknownWidth(tiles.rows(name + ".rows", x, from, to), 1, layer.in(), to - from);
    }
    if (norm != null) {
      List<Value> vectors = List.of(norm.scale(), norm.shift(), norm.mean(), norm.variance());
      in = tiles.normalised(name + ".normalised", in, vectors, norm.epsilon());
      in = g.silu(name + ".silu", in);
    }
    in = tiles.reshape(name + ".planes", in, layer.in(), 1, to - from, -1);
    int right = step * layer.tileColumns() + 1 - layer.width() / layer.factor();
    Value v =
        tiles.conv(
            name + ".transformed",
            in,
            layer.doubled() ? doubledInput(form) : input(form),
            step,
            from - top,
            1,
            bottom - to,
            right);
    v = tiles.reshape(name + ".windows", v, layer.in(), form.products(), -1);
    Value m = tiles.productsOverFirst(name + ".products", kernels, v);
    m = tiles.reshape(name + ".together", m, form.products(), -1);
    Value y = tiles.product(name + ".tiles", output(form), m);
    y = tiles.untile(name + ".plane", y, form.tile(), layer.out(), count);
    int high = form.tile() * count;
    y = tiles.unknownWidth(y, 1, layer.out(), high);
    y = tiles.addTo(name + ".biased", y, bias, 1, layer.out(), high);
    int rows = Math.min(layer.height() - form.tile() * first, high);
    return rows < high || layer.width() % form.tile() != 0
        ? tiles.crop(name + ".cropped", y, rows, layer.width())
        : y;
  }

  /** What is added to a band. */
  private Value part(Layer layer, Addend addend, int first, int count) {
    String name = layer.name() + ".added" + first;
    int factor = addend.doubled() ? 2 : 1;
    int tile = layer.form().tile();
    int rows = Math.min(layer.height() - tile * first, tile * count);
    int from = tile * first / factor;
    Value x =
        rows < layer.height()
            ? tiles.rows(name + ".rows", addend.x(), from, from + rows / factor)
            : tiles.reshape(name + ".all", addend.x(), 1, layer.out(), rows / factor, -1);
    x = tiles.unknownWidth(x, 1, layer.out(), rows / factor);
    return addend.doubled() ? g.enlarge(name, x, 2) : x;
  }

  private Value plus(Layer layer, Value band, Value added, int first) {
    int tile = layer.form().tile();
    int rows = Math.min(layer.height() - tile * first, tile * layer.bandRows(form.bandBytes()));
    return tiles.addTo(layer.name() + ".sum" + first, band, added, 1, layer.out(), rows);
  }

  private Value input(Winograd form) {
    int window = form.window();
    return transform(
        form.name() + ".input", form.inputTransform(), form.products(), 1, window, window);
  }

  private Value doubledInput(Winograd form) {
    int window = form.doubledWindow();
    return transform(
        form.name() + ".doubled", form.doubledInputTransform(), form.products(), 1, window, window);
  }

  private Value output(Winograd form) {
    int tile = form.tile();
    return transform(form.name() + ".output", form.outputTransform(), tile, tile, form.products());
  }

  /** One constant for all layers of a form. */
  private Value transform(String name, float[] values, long... dims) {
    return transforms.computeIfAbsent(name, n -> g.constant(n, values, dims));
  }

  /** Declares a tensor's height, so that results after it may take its buffer. */
  Value sized(Value x, int channels, int height) {
    return tiles.unknownWidth(x, 1, channels, height);
  }
}
