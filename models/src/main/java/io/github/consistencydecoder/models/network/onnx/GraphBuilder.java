package io.github.consistencydecoder.models.network.onnx;

import com.google.protobuf.ByteString;
import io.github.consistencydecoder.models.network.onnx.proto.AttributeProto;
import io.github.consistencydecoder.models.network.onnx.proto.GraphProto;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import io.github.consistencydecoder.models.network.onnx.proto.OperatorSetIdProto;
import io.github.consistencydecoder.models.network.onnx.proto.StringStringEntryProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorShapeProto;
import io.github.consistencydecoder.models.network.onnx.proto.TypeProto;
import io.github.consistencydecoder.models.network.onnx.proto.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Builds one ONNX graph, operator by operator, in order of execution. What is written depends on
 * the calls alone, so the same calls give the same bytes.
 *
 * <p>One class, however long: each operator is a short method, and they share names and constants.
 *
 * <p>Not for use by several threads.
 */
public final class GraphBuilder {
  /**
   * Operator set of the default domain: the newest whose every operator used here the runtime
   * executes natively.
   */
  private static final long OPSET = 17;

  private static final long IR_VERSION = 8;

  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final Set<String> names = new HashSet<>();
  private final Map<String, Value> constants = new TreeMap<>();
  private final Map<String, String> metadata = new TreeMap<>();
  private final Set<String> domains = new TreeSet<>();

  /** An empty graph of that name. */
  public GraphBuilder(String name) {
    graph.setName(name);
  }

  /** Everything of a model but its nodes, to be filled with others that give the same outputs. */
  static GraphBuilder withoutNodes(ModelProto model) {
    GraphBuilder g = new GraphBuilder(model.getGraph().getName());
    g.graph.mergeFrom(model.getGraph()).clearNode();
    g.graph.getInputList().forEach(v -> g.names.add(v.getName()));
    g.graph.getInitializerList().forEach(t -> g.names.add(t.getName()));
    model.getMetadataPropsList().forEach(m -> g.metadata.put(m.getKey(), m.getValue()));
    return g;
  }

  /** Adds a node as it is. */
  void copy(NodeProto node) {
    for (String output : node.getOutputList()) {
      if (!names.add(output)) {
        throw new IllegalArgumentException("the graph has a value '" + output + "' already");
      }
    }
    if (!node.getDomain().isEmpty()) {
      domains.add(node.getDomain());
    }
    graph.addNode(node);
  }

  /**
   * An input of the graph.
   *
   * @param dims a {@link Number} for a fixed dimension, a {@link String} for a symbolic one
   */
  public Value input(String name, ElementType type, Object... dims) {
    graph.addInput(valueInfo(name, type, dims));
    return value(name, type);
  }

  /** Declares {@code value} an output of the graph under its own name. */
  public void output(Value value, Object... dims) {
    graph.addOutput(valueInfo(value.name(), value.type(), dims));
  }

  /** A remark in the model. */
  public void remark(String key, String text) {
    metadata.put(key, text);
  }

  /** A float32 constant stored in the graph itself. */
  public Value constant(String name, float[] values, long... dims) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return constant(name, ElementType.FLOAT32, bytes, dims);
  }

  /** A one-dimensional int64 constant stored in the graph itself; equal ones are stored once. */
  public Value constant(long... values) {
    StringBuilder name = new StringBuilder("const");
    for (long v : values) {
      name.append('_').append(v);
    }
    return constants.computeIfAbsent(
        name.toString(),
        n -> {
          ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asLongBuffer().put(values);
          return constant(n, ElementType.INT64, bytes, values.length);
        });
  }

  /** A vector of equal numbers, stored in the graph itself once. */
  public Value vector(String name, int length, float value) {
    return constants.computeIfAbsent(name, n -> constant(n, filled(length, value), length));
  }

  /** A constant stored in the graph itself; the first of a name is used from then on. */
  Value sharedConstant(String name, ElementType type, ByteBuffer bytes, long... dims) {
    return constants.computeIfAbsent(name, n -> constant(n, type, bytes, dims));
  }

  /** A constant stored in the graph itself. */
  Value constant(String name, ElementType type, ByteBuffer bytes, long... dims) {
    TensorProto.Builder t = TensorProto.newBuilder().setName(name).setDataType(type.onnx());
    for (long d : dims) {
      t.addDims(d);
    }
    graph.addInitializer(t.setRawData(ByteString.copyFrom(bytes)));
    return value(name, type);
  }

  /**
   * A constant whose bytes lie in a file beside the model.
   *
   * @param location path of the file relative to the folder the runtime is told of, with forward
   *     slashes, without {@code ..}
   * @param offset of the first byte
   * @param length in bytes; must be what {@code dims} need
   */
  public Value external(
      String name, ElementType type, String location, long offset, long length, long... dims) {
    long needed = type.bytes();
    TensorProto.Builder t = TensorProto.newBuilder().setName(name).setDataType(type.onnx());
    for (long d : dims) {
      t.addDims(d);
      needed = Math.multiplyExact(needed, d);
    }
    if (needed != length) {
      throw new IllegalArgumentException(
          name + ": " + length + " bytes given, its dimensions need " + needed);
    }
    t.setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", location))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", Long.toString(length)));
    graph.addInitializer(t);
    return value(name, type);
  }

  /** A node with one output of the same element type as its first input. */
  Value node(String name, String op, List<Value> inputs, AttributeProto... attributes) {
    return node(name, op, inputs.get(0).type(), inputs, attributes);
  }

  /** A node of an operator outside ONNX itself, with one output like its first input. */
  Value node(
      String name, String domain, String op, List<Value> inputs, AttributeProto... attributes) {
    domains.add(domain);
    Value out = node(name, op, inputs, attributes);
    graph.getNodeBuilder(graph.getNodeCount() - 1).setDomain(domain);
    return out;
  }

  /** A node of an operator outside ONNX itself, with outputs like its first input. */
  List<Value> nodes(
      String name,
      String domain,
      String op,
      List<String> outputs,
      List<Value> inputs,
      AttributeProto... attributes) {
    domains.add(domain);
    List<Value> out = nodes(name, op, inputs.get(0).type(), outputs, inputs, attributes);
    graph.getNodeBuilder(graph.getNodeCount() - 1).setDomain(domain);
    return out;
  }

  /** Declares what is known of the shape of a value inside the graph. */
  void shape(Value value, Object... dims) {
    graph.addValueInfo(valueInfo(value.name(), value.type(), dims));
  }

  /** A node with one output. */
  Value node(
      String name, String op, ElementType type, List<Value> inputs, AttributeProto... attributes) {
    return nodes(name, op, type, List.of(name), inputs, attributes).get(0);
  }

  /** A node with several outputs. */
  List<Value> nodes(
      String name,
      String op,
      ElementType type,
      List<String> outputs,
      List<Value> inputs,
      AttributeProto... attributes) {
    NodeProto.Builder n = NodeProto.newBuilder().setName(name + "/" + op).setOpType(op);
    inputs.forEach(i -> n.addInput(i.name()));
    List<Value> values = new ArrayList<>();
    for (String output : outputs) {
      n.addOutput(output);
      values.add(value(output, type));
    }
    n.addAllAttribute(List.of(attributes));
    graph.addNode(n);
    return values;
  }

  // ---- operators ----

  /** 2-D convolution with stride 1. {@code pads}: top, left, bottom, right. */
  public Value conv(String name, Value x, Value weight, Value bias, long... pads) {
    return node(name, "Conv", List.of(x, weight, bias), Attribute.of("pads", pads));
  }

  /**
   * 2-D convolution.
   *
   * @param operands x, the weight and, where there is one, the bias
   * @param stride of both axes
   * @param pads top, left, bottom, right
   */
  public Value conv(String name, List<Value> operands, int stride, long... pads) {
    return node(
        name,
        "Conv",
        operands,
        Attribute.of("pads", pads),
        Attribute.of("strides", stride, stride));
  }

  /**
   * 3x3 maximum pooling, stride 2, no padding; a window may reach over the right and the bottom
   * edge.
   */
  public Value maxPool3(String name, Value x) {
    return node(
        name,
        "MaxPool",
        List.of(x),
        Attribute.of("kernel_shape", 3, 3),
        Attribute.of("strides", 2, 2),
        Attribute.of("ceil_mode", 1L));
  }

  /** 2x2 average pooling, stride 2. */
  public Value averagePool2(String name, Value x) {
    return node(
        name,
        "AveragePool",
        List.of(x),
        Attribute.of("kernel_shape", 2, 2),
        Attribute.of("strides", 2, 2));
  }

  /** Nearest-neighbour enlargement of height and width: {@code out[i] = in[i / factor]}. */
  public Value enlarge(String name, Value x, int factor) {
    Value scales =
        constants.computeIfAbsent(
            "scales_" + factor, n -> constant(n, new float[] {1f, 1f, factor, factor}, 4));
    // An empty name stands for the absent region of interest.
    return node(
        name,
        "Resize",
        List.of(x, new Value("", ElementType.FLOAT32), scales),
        Attribute.of("mode", "nearest"),
        Attribute.of("coordinate_transformation_mode", "asymmetric"),
        Attribute.of("nearest_mode", "floor"));
  }

  /** {@code out[n, c, 2i + a, 2j + d] = in[n, (2a + d) * C + c, i, j]}. */
  public Value interleave2(String name, Value x) {
    return node(
        name,
        "DepthToSpace",
        List.of(x),
        Attribute.of("blocksize", 2),
        Attribute.of("mode", "DCR"));
  }

  /** Concatenation along the channels. */
  public Value concat(String name, Value... parts) {
    return node(name, "Concat", List.of(parts), Attribute.of("axis", 1));
  }

  /** Elementwise sum with broadcasting. */
  public Value add(String name, Value a, Value b) {
    return node(name, "Add", List.of(a, b));
  }

  /** Elementwise product with broadcasting. */
  public Value mul(String name, Value a, Value b) {
    return node(name, "Mul", List.of(a, b));
  }

  /** Elementwise difference with broadcasting. */
  public Value subtract(String name, Value a, Value b) {
    return node(name, "Sub", List.of(a, b));
  }

  /** Elementwise quotient with broadcasting. */
  public Value divide(String name, Value a, Value b) {
    return node(name, "Div", List.of(a, b));
  }

  /** Elementwise square root. */
  public Value squareRoot(String name, Value x) {
    return node(name, "Sqrt", List.of(x));
  }

  /** {@code max(x, 0)}. */
  public Value relu(String name, Value x) {
    return node(name, "Relu", List.of(x));
  }

  /** {@code min(max(x, low), high)}. */
  public Value clip(String name, Value x, float low, float high) {
    Value least = constant(name + ".low", new float[] {low});
    return node(name, "Clip", List.of(x, least, constant(name + ".high", new float[] {high})));
  }

  /** Elementwise hyperbolic tangent. */
  public Value tanh(String name, Value x) {
    return node(name, "Tanh", List.of(x));
  }

  /** Matrix product over the last two dimensions. */
  public Value matmul(String name, Value a, Value b) {
    return node(name, "MatMul", List.of(a, b));
  }

  /** Softmax over the last dimension. */
  public Value softmax(String name, Value x) {
    return node(name, "Softmax", List.of(x), Attribute.of("axis", -1L));
  }

  /** {@code [N, A, B]} to {@code [N, B, A]}. */
  public Value swapLast(String name, Value x) {
    return node(name, "Transpose", List.of(x), Attribute.of("perm", 0, 2, 1));
  }

  /** {@code [N, C, H, W]} to {@code [N, C, H * W]}. */
  public Value flattenPlane(String name, Value x) {
    return node(name, "Reshape", List.of(x, constant(0, 0, -1)));
  }

  /** {@code x} in the shape of {@code like}. */
  public Value reshapeLike(String name, Value x, Value like) {
    Value shape = node(name + ".shape", "Shape", ElementType.INT64, List.of(like));
    return node(name, "Reshape", List.of(x, shape));
  }

  /** {@code [N, C, H, W]} to {@code [N, 1, H, W]}: the sum over the channels. */
  public Value sumChannels(String name, Value x) {
    return node(name, "ReduceSum", List.of(x, constant(1)));
  }

  /** {@code [N, C, H, W]} to {@code [N, C]}: the mean over the plane. */
  public Value meanOfPlane(String name, Value x) {
    return node(
        name, "ReduceMean", List.of(x), Attribute.of("axes", 2, 3), Attribute.of("keepdims", 0L));
  }

  /** The first and the second half of a batch of two. */
  public List<Value> splitPair(String name, Value x) {
    return nodes(
        name,
        "Split",
        x.type(),
        List.of(name + ".first", name + ".second"),
        List.of(x, constant(1, 1)),
        Attribute.of("axis", 0L));
  }

  /** {@code x * sigmoid(x)}, in the form that the runtime fuses into one kernel. */
  public Value silu(String name, Value x) {
    return mul(name, x, node(name + ".sigmoid", "Sigmoid", List.of(x)));
  }

  /** {@code x} under another name. */
  public Value identity(String name, Value x) {
    return node(name, "Identity", List.of(x));
  }

  /** Conversion; {@code x} itself if it has that type already. */
  public Value cast(String name, Value x, ElementType type) {
    return x.type() == type
        ? x
        : node(name, "Cast", type, List.of(x), Attribute.of("to", type.onnx()));
  }

  /**
   * {@code (x - mean) / sqrt(variance + epsilon)} over each of {@code groups} groups of channels of
   * each image, without an affine part; mean and (biased) variance are computed in two passes.
   * float32 only.
   */
  public Value normaliseGroups(String name, Value x, int groups, float epsilon) {
    Value ones = vector("ones_" + groups, groups, 1f);
    Value zeros = vector("zeros_" + groups, groups, 0f);
    Value grouped = node(name + ".grouped", "Reshape", List.of(x, constant(0, groups, -1)));
    Value normal =
        node(
            name + ".normal",
            "InstanceNormalization",
            List.of(grouped, ones, zeros),
            Attribute.of("epsilon", epsilon));
    Value shape = node(name + ".shape", "Shape", ElementType.INT64, List.of(x));
    return node(name, "Reshape", List.of(normal, shape));
  }

  /** A vector cut into pieces. */
  public List<Value> split(String name, Value vector, List<String> pieces, long[] lengths) {
    return nodes(
        name,
        "Split",
        vector.type(),
        pieces,
        List.of(vector, constant(lengths)),
        Attribute.of("axis", 0L));
  }

  /** A vector cut into pieces, each given the shape {@code [length, 1, 1]}. */
  public List<Value> splitToChannels(
      String name, Value vector, List<String> pieces, long[] lengths) {
    List<String> flat = pieces.stream().map(p -> p + ".flat").toList();
    List<Value> parts = split(name, vector, flat, lengths);
    List<Value> out = new ArrayList<>();
    for (int i = 0; i < pieces.size(); i++) {
      out.add(node(pieces.get(i), "Reshape", List.of(parts.get(i), constant(-1, 1, 1))));
    }
    return out;
  }

  /** The model. */
  public ModelProto build() {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName("consistency-decoder")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
            .setGraph(graph);
    domains.forEach(
        d -> model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(d).setVersion(1)));
    metadata.forEach((k, v) -> model.addMetadataProps(entry(k, v)));
    return model.build();
  }

  private Value value(String name, ElementType type) {
    if (!names.add(name)) {
      throw new IllegalArgumentException("the graph has a value '" + name + "' already");
    }
    return new Value(name, type);
  }

  private static float[] filled(int n, float v) {
    float[] out = new float[n];
    java.util.Arrays.fill(out, v);
    return out;
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static ValueInfoProto valueInfo(String name, ElementType type, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object d : dims) {
      TensorShapeProto.Dimension.Builder dim = TensorShapeProto.Dimension.newBuilder();
      if (d instanceof Number n) {
        dim.setDimValue(n.longValue());
      } else {
        dim.setDimParam((String) d);
      }
      shape.addDim(dim);
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.onnx()).setShape(shape)))
        .build();
  }
}
