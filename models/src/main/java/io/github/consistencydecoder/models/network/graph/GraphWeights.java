package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.Float16;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Turns tensors of a checkpoint into constants of a graph: where the bytes can be used as they are
 * the graph points into the checkpoint's file, otherwise they are converted into the file of
 * derived weights.
 *
 * <p>Every tensor is looked through once: a weight that is not finite is refused by name.
 */
public final class GraphWeights {
  private static final int F16_EXPONENT = 0x7c00;

  /** Kernels transformed at a time. */
  private static final int TRANSFORMED_AT_ONCE = 1 << 16;

  private final GraphBuilder graph;
  private final NetworkWeights weights;
  private final DerivedWeights derived;
  private final Path root;

  /**
   * @param root folder that holds the derived file at any depth; what of the checkpoint lies
   *     elsewhere is copied
   */
  public GraphWeights(
      GraphBuilder graph, NetworkWeights weights, DerivedWeights derived, Path root) {
    this.graph = graph;
    this.weights = weights;
    this.derived = derived;
    this.root = root;
  }

  /**
   * A tensor, or as many of its leading elements as {@code dims} ask for.
   *
   * @param dims the shape the graph wants; its product is at most the tensor's
   */
  public Value constant(String name, ElementType type, long... dims) throws IOException {
    TensorInfo t = weights.tensor(name);
    long elements = 1;
    for (long d : dims) {
      elements *= d;
    }
    OptionalLong known = derived.offset(name);
    if (known.isPresent()) {
      return inDerivedFile(name, type, known.getAsLong(), elements, dims);
    }
    checkFinite(t);
    DType wanted = type == ElementType.FLOAT16 ? DType.F16 : DType.F32;
    if (t.dtype() == wanted
        && t.contiguous()
        && t.offset() % wanted.bytes() == 0
        && t.file().startsWith(root)) {
      return graph.external(
          name, type, location(t.file()), t.offset(), elements * wanted.bytes(), dims);
    }
    float[] values = weights.checkpoint().floats(t);
    return derived(
        name,
        type,
        elements == values.length ? values : java.util.Arrays.copyOf(values, (int) elements),
        dims);
  }

  /** All values of a tensor, for folding. */
  float[] floats(String name) throws IOException {
    TensorInfo t = weights.tensor(name);
    checkFinite(t);
    return weights.checkpoint().floats(t);
  }

  /** A constant that no checkpoint holds as it is. */
  public Value derived(String name, ElementType type, float[] values, long... dims)
      throws IOException {
    long offset =
        type == ElementType.FLOAT16 ? derived.append(halves(name, values)) : derived.append(values);
    derived.remember(name, offset);
    return inDerivedFile(name, type, offset, values.length, dims);
  }

  /**
   * A 3x3 convolution's kernels, transformed.
   *
   * @return {@code [products, out, in] float32}
   */
  Value winograd(Winograd form, String convolution, int out, int in) throws IOException {
    String name = convolution + "." + form.name();
    OptionalLong known = derived.offset(name);
    long offset =
        known.isPresent()
            ? known.getAsLong()
            : transformed(form, floats(convolution + ".weight"), out, in);
    derived.remember(name, offset);
    return inDerivedFile(
        name,
        ElementType.FLOAT32,
        offset,
        (long) form.products() * out * in,
        form.products(),
        out,
        in);
  }

  /**
   * The kernels of one parity of a doubling followed by a 3x3 convolution.
   *
   * @param row 0 for even rows of the result, 1 for odd ones
   * @param column likewise
   * @return {@code [out, in, 2, 2] float32}
   */
  Value phase(String convolution, int row, int column, int out, int in) throws IOException {
    String name = convolution + ".phase" + row + column + ".weight";
    OptionalLong known = derived.offset(name);
    if (known.isPresent()) {
      return inDerivedFile(
          name, ElementType.FLOAT32, known.getAsLong(), 4L * out * in, out, in, 2, 2);
    }
    float[] kernels = floats(convolution + ".weight");
    return derived(name, ElementType.FLOAT32, PhaseKernels.of(kernels, row, column), out, in, 2, 2);
  }

  /** Writes kernels transformed, a few output channels at a time; returns the offset. */
  private long transformed(Winograd form, float[] kernels, int out, int in) throws IOException {
    long plane = 4L * out * in;
    long offset = derived.reserve(form.products() * plane);
    int rows = Math.max(1, Math.min(out, TRANSFORMED_AT_ONCE / in));
    float[] values = new float[form.products() * rows * in];
    ByteBuffer bytes = ByteBuffer.allocateDirect(4 * rows * in).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < out; row += rows) {
      int n = Math.min(rows, out - row) * in;
      form.transform(kernels, row * in, n, values);
      for (int p = 0; p < form.products(); p++) {
        bytes.clear().limit(4 * n);
        bytes.asFloatBuffer().put(values, p * n, n);
        derived.write(bytes, offset + p * plane + 4L * row * in);
      }
    }
    return offset;
  }

  private Value inDerivedFile(
      String name, ElementType type, long offset, long elements, long... dims) {
    return graph.external(
        name, type, location(derived.file()), offset, elements * type.bytes(), dims);
  }

  private static ByteBuffer halves(String name, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float v : values) {
      short half = Float16.fromFloat(v);
      if ((half & F16_EXPONENT) == F16_EXPONENT) {
        throw new DecoderException(
            DecoderErrorCode.MODEL_UNSUPPORTED,
            "tensor '" + name + "' holds " + v + ", which float16 cannot: use dtype float32");
      }
      bytes.putShort(half);
    }
    return bytes.flip();
  }

  private String location(Path file) {
    StringBuilder location = new StringBuilder();
    for (Path part : root.relativize(file)) {
      location.append(location.length() == 0 ? "" : "/").append(part);
    }
    return location.toString();
  }

  private void checkFinite(TensorInfo t) throws IOException {
    // A complete file was made from weights that have been looked through.
    if (!derived.isComplete() && !FiniteCheck.finite(weights.checkpoint(), t)) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_CORRUPT,
          t.file().getFileName()
              + ": tensor '"
              + t.name()
              + "' holds NaN or infinity; every weight must be finite");
    }
  }
}
