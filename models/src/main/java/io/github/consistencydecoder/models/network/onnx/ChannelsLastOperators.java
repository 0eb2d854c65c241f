package io.github.consistencydecoder.models.network.onnx;

import io.github.consistencydecoder.models.network.onnx.proto.AttributeProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Operators on pictures whose channels lie together, {@code [N, H, W, C]}: the order in which
 * CUDA's kernels read and write, so that nothing has to be transposed between them. Convolutions
 * and norms are operators of ONNX Runtime that exist for CUDA only; {@link StandardOperators} puts
 * standard ones in their place.
 *
 * <p>Borrows the builder.
 */
public final class ChannelsLastOperators {
  static final String DOMAIN = "com.microsoft";
  static final String CONVOLUTION = "NhwcConv";
  static final String NORM = "GroupNorm";
  static final String SUM_AND_NORM = "SkipGroupNorm";

  /** The only use of it is {@link #reserve}. */
  static final String PIECE = "ConstantOfShape";

  /** 0.25 in half precision. */
  private static final short QUARTER = 0x3400;

  private static final int ROWS = 1;
  private static final int COLUMNS = 2;
  private static final int CHANNELS = 3;

  /** As an end of a slice: everything. */
  private static final long ALL = Long.MAX_VALUE;

  private final GraphBuilder g;

  /** Operators of one graph. */
  public ChannelsLastOperators(GraphBuilder g) {
    this.g = g;
  }

  /**
   * A group norm followed by SiLU, evaluated in float32 whatever the picture's type.
   *
   * @param gamma {@code [C] float32}
   * @param beta {@code [C] float32}
   * @param groups of channels
   * @param epsilon added to the variance
   */
  public record Norm(Value gamma, Value beta, int groups, float epsilon) {}

  /**
   * What a norm over a sum leaves.
   *
   * @param normalised after norm and SiLU
   * @param sum that was normalised
   */
  public record NormalisedSum(Value normalised, Value sum) {}

  /** {@code [N, C, H, W]} to {@code [N, H, W, C]}. */
  public Value channelsLast(String name, Value x) {
    return g.node(name, "Transpose", List.of(x), Attribute.of("perm", 0, 2, 3, 1));
  }

  /** {@code [N, H, W, C]} to {@code [N, C, H, W]}. */
  public Value channelsFirst(String name, Value x) {
    return g.node(name, "Transpose", List.of(x), Attribute.of("perm", 0, 3, 1, 2));
  }

  /** Adds channels of zeros at the end. */
  public Value padChannels(String name, Value x, long channels) {
    return g.node(
        name,
        "Pad",
        List.of(x, g.constant(0, 0, 0, 0, 0, 0, 0, channels)),
        Attribute.of("mode", "constant"));
  }

  /** The first {@code channels} channels. */
  public Value firstChannels(String name, Value x, long channels) {
    return g.node(
        name, "Slice", List.of(x, g.constant(0), g.constant(channels), g.constant(CHANNELS)));
  }

  /**
   * Convolution with stride 1.
   *
   * @param weights the kernel {@code [M, kH, kW, C]} and, where there is one, the bias {@code [M]}
   * @param padding on all four sides
   */
  public Value convolution(String name, Value x, List<Value> weights, long padding) {
    List<Value> operands = new ArrayList<>(List.of(x));
    operands.addAll(weights);
    return g.node(
        name,
        DOMAIN,
        CONVOLUTION,
        operands,
        Attribute.of("pads", padding, padding, padding, padding));
  }

  /** Group norm, then SiLU. */
  public Value normalise(String name, Value x, Norm norm) {
    return g.node(name, DOMAIN, NORM, List.of(x, norm.gamma(), norm.beta()), attributes(norm));
  }

  /**
   * Group norm with SiLU of {@code a + b + bias}, in one operator.
   *
   * @param bias {@code [C]}, of the picture's type
   */
  public Value normaliseSum(String name, Value a, Value b, Value bias, Norm norm) {
    return sumAndNorm(name, List.of(name), a, b, bias, norm).get(0);
  }

  /**
   * Like {@link #normaliseSum} where the sum is needed as well.
   *
   * @param sum its name
   */
  public NormalisedSum normaliseKeptSum(
      String name, String sum, Value a, Value b, Value bias, Norm norm) {
    List<Value> out = sumAndNorm(name, List.of(name, sum), a, b, bias, norm);
    return new NormalisedSum(out.get(0), out.get(1));
  }

  private List<Value> sumAndNorm(
      String name, List<String> outputs, Value a, Value b, Value bias, Norm norm) {
    return g.nodes(
        name,
        DOMAIN,
        SUM_AND_NORM,
        outputs,
        List.of(a, norm.gamma(), norm.beta(), b, bias),
        attributes(norm));
  }

  private static AttributeProto[] attributes(Norm norm) {
    return new AttributeProto[] {
      Attribute.of("epsilon", norm.epsilon()),
      Attribute.of("groups", (long) norm.groups()),
      Attribute.of("activation", 1L),
      Attribute.of("channels_last", 1L)
    };
  }

  /**
   * Takes memory on the device in one piece and gives it back at once, so that what is taken
   * afterwards is cut out of it instead of being asked for piece by piece, of which the smaller
   * ones are of no use for the larger.
   *
   * @param picture {@code [N, C, H, W]}
   * @param channels C
   * @param perPixel bytes for each pixel of it
   * @return {@code [1] float32}, 0 whatever the piece holds: it is filled through a count of 31
   *     bits, so a large one is left as it was found; what is to come after has to depend on it
   */
  public Value reserve(String name, Value picture, long channels, long perPixel) {
    Value shape = g.node(name + ".shape", "Shape", ElementType.INT64, List.of(picture));
    Value values =
        g.node(name + ".values", "ReduceProd", List.of(shape), Attribute.of("keepdims", 1L));
    Value bytes = g.mul(name + ".bytes", values, g.constant(perPixel));
    Value words = g.node(name + ".words", "Div", List.of(bytes, g.constant(8 * channels)));
    Value piece =
        g.node(
            name + ".piece",
            PIECE,
            ElementType.INT64,
            List.of(words),
            Attribute.tensor("value", 0));
    Value taken = g.node(name + ".taken", "Shape", ElementType.INT64, List.of(piece));
    return g.cast(name, g.mul(name + ".zero", taken, g.constant(0)), ElementType.FLOAT32);
  }

  /** Channels of several pictures one after the other. */
  public Value concat(String name, Value... parts) {
    return g.node(name, "Concat", List.of(parts), Attribute.of("axis", CHANNELS));
  }

  /** 2x2 average pooling, stride 2, of even sides. Quartered first, so that no sum can overflow. */
  public Value averagePool2(String name, Value x) {
    Value quarter = g.mul(name + ".quarter", x, quarter(x.type()));
    List<Value> corners = new ArrayList<>();
    for (int row = 0; row < 2; row++) {
      for (int column = 0; column < 2; column++) {
        corners.add(
            g.node(
                name + ".corner" + row + column,
                "Slice",
                List.of(
                    quarter,
                    g.constant(row, column),
                    g.constant(ALL, ALL),
                    g.constant(ROWS, COLUMNS),
                    g.constant(2, 2))));
      }
    }
    return g.node(name, "Sum", corners);
  }

  private Value quarter(ElementType type) {
    ByteBuffer bytes = ByteBuffer.allocate(type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    bytes = type == ElementType.FLOAT16 ? bytes.putShort(QUARTER) : bytes.putFloat(0.25f);
    return g.sharedConstant("quarter", type, bytes.flip(), 1);
  }

  /**
   * The rows of one parity of a doubled picture, from a 2x2 convolution with padding 1 that gives,
   * side by side, the odd columns' phase and the even columns' phase.
   *
   * @param x {@code [N, H + 1, W + 1, 2 C]}
   * @param parity 0 for even rows, 1 for odd ones
   * @return {@code [N, H, 2 W, C]}
   */
  public Value rowsOfPhases(String name, Value x, int parity, long channels) {
    // Column j of the first phase belongs left of column j of the second, except at both ends.
    Value columns = reshape(name + ".columns", x, 0, 0, -1, channels);
    return g.node(
        name,
        "Slice",
        List.of(
            columns,
            g.constant(parity, 1),
            g.constant(parity == 0 ? -1 : ALL, -1),
            g.constant(ROWS, COLUMNS)));
  }

  /**
   * Even and odd rows of a picture brought together.
   *
   * @param even {@code [N, H, W, C]}
   * @param odd {@code [N, H, W, C]}
   * @param like a picture of {@code 2 H} rows and {@code W} columns
   * @return {@code [N, 2 H, W, C]}
   */
  public Value interleaveRows(String name, Value even, Value odd, Value like, long channels) {
    Value pairs =
        g.node(name + ".pairs", "Concat", List.of(even, odd), Attribute.of("axis", COLUMNS));
    return g.node(name, "Reshape", List.of(pairs, sizes(name, like, channels)));
  }

  /**
   * A picture as it is, that cannot be used before another one is there: its shape is read from
   * that. The runtime evaluates an operator as soon as it can.
   *
   * @param x {@code [N, H, W, C]}
   * @param other {@code [N, H, W, any]}
   * @param channels C
   */
  public Value notBefore(String name, Value x, Value other, long channels) {
    return g.node(name, "Reshape", List.of(x, sizes(name, other, channels)));
  }

  /** The shape of a picture with other channels than {@code like}. */
  private Value sizes(String name, Value like, long channels) {
    Value sizes = g.node(name + ".sizes", "Shape", ElementType.INT64, List.of(like));
    Value leading =
        g.node(name + ".leading", "Slice", List.of(sizes, g.constant(0), g.constant(3)));
    return join(name + ".shape", leading, channels);
  }

  /**
   * {@code a} plus {@code b} doubled to its size, which is never written out.
   *
   * @param a {@code [N, 2 H, 2 W, C]}
   * @param b {@code [N, H, W, C]}
   */
  public Value addDoubled(String name, Value a, Value b, long channels) {
    Value sizes = g.node(name + ".sizes", "Shape", ElementType.INT64, List.of(b));
    Value shape =
        g.node(
            name + ".cells",
            "Concat",
            List.of(
                g.node(name + ".rows", "Slice", List.of(sizes, g.constant(0), g.constant(2))),
                g.constant(2),
                g.node(name + ".width", "Slice", List.of(sizes, g.constant(2), g.constant(3))),
                g.constant(2, channels)),
            Attribute.of("axis", 0L));
    Value cells = g.node(name + ".a", "Reshape", List.of(a, shape));
    Value sum = g.add(name + ".sum", cells, reshape(name + ".b", b, 0, 0, 1, -1, 1, channels));
    return g.reshapeLike(name, sum, a);
  }

  private Value join(String name, Value leading, long last) {
    return g.node(name, "Concat", List.of(leading, g.constant(last)), Attribute.of("axis", 0L));
  }

  private Value reshape(String name, Value x, long... dims) {
    return g.node(name, "Reshape", List.of(x, g.constant(dims)));
  }
}
