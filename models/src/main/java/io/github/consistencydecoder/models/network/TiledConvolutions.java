package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.models.onnx.GraphBuilder;
import io.github.consistencydecoder.models.onnx.TileOperators;
import io.github.consistencydecoder.models.onnx.Value;
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
final class TiledConvolutions {
  /**
   * Bytes that the transformed inputs and products of one band may take. Smaller bands take longer,
   * because each reads the weights again, and leave the allocator with more holes
   * (docs/decisions.md).
   */
  static final long BAND_BYTES = 192L << 20;

  /** Bands of a layer at most: opening a graph takes more than linear time in its nodes. */
  private static final int MOST_BANDS = 8;

  private final GraphBuilder g;
  private final TileOperators tiles;
  private final GraphWeights weights;
  private final long bandBytes;
  private final Map<String, Value> transforms = new HashMap<>();

  /**
   * Convolutions of one graph.
   *
   * @param bandBytes usually {@link #BAND_BYTES}; at least one row of tiles makes a band
   */
  TiledConvolutions(GraphBuilder g, GraphWeights weights, long bandBytes) {
    this.g = g;
    this.bandBytes = bandBytes;
    this.tiles = new TileOperators(g);
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
   * Writes a convolution.
   *
   * @param x {@code [1, in, H, W]}
   * @param affine scale and shift, {@code [in, 1, 1]} each, that come first, followed by SiLU;
   *     empty if {@code x} is what is to be convolved
   * @return {@code [1, out, height, width]}
   */
  Value convolution(Layer layer, Value x, List<Value> affine) throws IOException {
    return convolution(layer, x, affine, 0);
  }

  /**
   * Writes a convolution of a band of a picture.
   *
   * @param x {@code [1, in, H + 2, W]}: what is to be convolved, with a row above and one below
   * @return {@code [1, out, height, width]}
   */
  Value haloedConvolution(Layer layer, Value x) throws IOException {
    return convolution(layer, x, List.of(), 1);
  }

  /**
   * Writes a convolution.
   *
   * @param halo rows of {@code x} above and below those of the result
   */
  private Value convolution(Layer layer, Value x, List<Value> affine, int halo) throws IOException {
    Value kernels = weights.winograd(layer.form(), layer.name(), layer.out(), layer.in());
    Value bias = weights.constant(layer.name() + ".bias", ElementType.FLOAT32, layer.out(), 1, 1);
    int rows = layer.bandRows(bandBytes);
    List<Value> bands = new ArrayList<>();
    for (int first = 0; first < layer.tileRows(); first += rows) {
      int count = Math.min(rows, layer.tileRows() - first);
      bands.add(band(layer, x, affine, halo, kernels, bias, first, count));
    }
    return bands.size() == 1 ? bands.get(0) : tiles.stack(layer.name(), bands);
  }

  private Value band(
      Layer layer,
      Value x,
      List<Value> affine,
      int halo,
      Value kernels,
      Value bias,
      int first,
      int count) {
    String name =
        count == layer.tileRows() ? layer.name() + ".all" : layer.name() + ".band" + first;
    Winograd form = layer.form();
    long values = (long) form.tile() * form.tile();
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
    if (!affine.isEmpty()) {
      in = activated(name, in, affine);
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
    Value y = tiles.productsOverFirst(name + ".tiles", output(form), m);
    y = tiles.unknownWidth(y, layer.out(), values);
    y = tiles.addTo(name + ".biased", y, bias, layer.out(), values);
    y = tiles.reshape(name + ".grid", y, 1, layer.out() * values, count, -1);
    y = tiles.untile(name + ".plane", y, form.tile());
    int rows = Math.min(layer.height() - form.tile() * first, form.tile() * count);
    return rows < form.tile() * count || layer.width() % form.tile() != 0
        ? tiles.crop(name + ".cropped", y, rows, layer.width())
        : y;
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
    long values = (long) form.tile() * form.tile();
    return transform(form.name() + ".output", form.outputTransform(), 1, values, form.products());
  }

  /** One constant for all layers of a form. */
  private Value transform(String name, float[] values, long... dims) {
    return transforms.computeIfAbsent(name, n -> g.constant(n, values, dims));
  }

  private Value activated(String name, Value x, List<Value> affine) {
    Value scaled = g.mul(name + ".scaled", x, affine.get(0));
    return g.silu(name + ".silu", g.add(name + ".shifted", scaled, affine.get(1)));
  }

  /** Declares a tensor's height, so that results after it may take its buffer. */
  Value sized(Value x, int channels, int height) {
    return tiles.unknownWidth(x, 1, channels, height);
  }

  /** {@code a + b} of one shape. */
  Value sum(String name, Value a, Value b, int channels, int height) {
    return tiles.addTo(name, a, b, 1, channels, height);
  }
}
