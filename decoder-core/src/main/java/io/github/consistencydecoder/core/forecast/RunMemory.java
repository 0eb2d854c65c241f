package io.github.consistencydecoder.core.forecast;

import com.google.protobuf.InvalidProtocolBufferException;
import io.github.consistencydecoder.models.network.onnx.proto.GraphProto;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorShapeProto;
import io.github.consistencydecoder.models.network.onnx.proto.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Foretells the memory that ONNX Runtime's CPU provider takes for a run of one of this project's
 * graphs, inputs, outputs and weights aside, by going through the run without computing anything.
 */
public final class RunMemory {
  /**
   * Threads of the runtime that expand a convolution's input, each so many values at a time: the
   * working buffer of MLAS's segmented convolution, which is chosen unless there are more output
   * channels than pixels.
   */
  private static final long EXPANDED_VALUES = 32 * 1024;

  /** How the graph's builder calls the scales of an enlargement. */
  private static final String ENLARGEMENT = "scales_";

  private static final int FLOAT16 = 10;
  private static final int INT64 = 7;
  private static final int FLOAT64 = 11;

  private final List<Node> order;
  private final Map<String, long[]> numbers = new HashMap<>();
  private final Map<String, List<ShapeInference.Dim>> constants = new HashMap<>();
  private final Map<String, List<ShapeInference.Dim>> inputs = new HashMap<>();
  private final Map<String, Integer> bytes = new HashMap<>();
  private final Set<String> outputs = new HashSet<>();
  private final BufferPlan plan;

  private RunMemory(GraphProto graph) {
    for (TensorProto t : graph.getInitializerList()) {
      constants.put(t.getName(), t.getDimsList().stream().map(ShapeInference.Dim::of).toList());
      bytes.put(t.getName(), bytes(t.getDataType()));
      if (t.getDataType() == INT64 || t.getName().startsWith(ENLARGEMENT)) {
        numbers.put(t.getName(), numbers(t));
      }
    }
    Map<String, List<ShapeInference.Dim>> declared = new HashMap<>();
    for (ValueInfoProto v : graph.getValueInfoList()) {
      declared.put(v.getName(), dims(v.getType().getTensorType().getShape()));
    }
    for (ValueInfoProto v : graph.getInputList()) {
      inputs.put(v.getName(), dims(v.getType().getTensorType().getShape()));
      bytes.put(v.getName(), bytes(v.getType().getTensorType().getElemType()));
    }
    for (ValueInfoProto v : graph.getOutputList()) {
      outputs.add(v.getName());
    }
    order = ExecutionOrder.of(fused(graph));
    ShapeInference known = new ShapeInference(numbers, declared);
    constants.forEach(known::put);
    inputs.forEach(known::put);
    for (Node node : order) {
      known.infer(node);
      int size = size(node);
      node.outputs().forEach(o -> bytes.put(o, size));
    }
    Set<String> given = new HashSet<>(constants.keySet());
    given.addAll(inputs.keySet());
    plan = new BufferPlan(order, known, bytes, outputs, given);
  }

  /**
   * Of a graph, in the form that the runtime executes or that it is opened with.
   *
   * @param model the bytes of an ONNX model
   * @throws IllegalArgumentException if it is none, or has an operator that is not known here
   */
  public static RunMemory of(byte[] model) {
    try {
      return new RunMemory(ModelProto.parseFrom(model).getGraph());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not an ONNX model", e);
    }
  }

  /** Operators of the graph. */
  public int operators() {
    return order.size();
  }

  /**
   * Bytes at the peak of a run.
   *
   * @param shapes of the inputs
   * @param threads of the runtime
   */
  public long peakBytes(Map<String, long[]> shapes, int threads) {
    ShapeInference actual = new ShapeInference(numbers, Map.of());
    constants.forEach(actual::put);
    shapes.forEach(
        (name, dims) -> {
          List<ShapeInference.Dim> shape = new ArrayList<>();
          for (long d : dims) {
            shape.add(ShapeInference.Dim.of(d));
          }
          actual.put(name, shape);
        });
    Arena arena = new Arena();
    Map<String, Arena.Block> blocks = new HashMap<>();
    for (Node node : order) {
      actual.infer(node);
      for (String output : node.outputs()) {
        if (plan.buffer(output).equals(output) && !outputs.contains(output)) {
          long size = bytes.get(output) * ShapeInference.elements(actual.shape(output));
          if (size > 0) {
            blocks.put(output, arena.allocate(size));
          }
        }
      }
      long scratch = scratch(node, actual, threads);
      if (scratch > 0) {
        arena.release(arena.allocate(scratch));
      }
      for (String buffer : plan.releasedAfter(node)) {
        Arena.Block block = blocks.remove(buffer);
        if (block != null) {
          arena.release(block);
        }
      }
    }
    return arena.touched();
  }

  /** What a convolution that is not in blocked form needs for expanding its input. */
  private static long scratch(Node node, ShapeInference actual, int threads) {
    if (!node.operator().equals("Conv") || node.blocked()) {
      return 0;
    }
    List<ShapeInference.Dim> w = actual.shape(node.input(1));
    List<ShapeInference.Dim> y = actual.shape(node.outputs().get(0));
    long window = w.get(1).size() * w.get(2).size() * w.get(3).size();
    long plane = y.get(2).size() * y.get(3).size();
    if (window == w.get(1).size()) {
      return 0;
    }
    return 4 * (w.get(0).size() > plane ? plane * window : threads * EXPANDED_VALUES);
  }

  /** The nodes, with SiLU as the one operator that the runtime makes of it. */
  private static List<Node> fused(GraphProto graph) {
    Map<String, NodeProto> sigmoids =
        graph.getNodeList().stream()
            .filter(n -> n.getOpType().equals("Sigmoid"))
            .collect(Collectors.toMap(n -> n.getOutput(0), n -> n));
    List<Node> nodes = new ArrayList<>();
    for (NodeProto n : graph.getNodeList()) {
      if (n.getOpType().equals("Sigmoid")) {
        continue;
      }
      if (n.getOpType().equals("Mul") && sigmoids.containsKey(n.getInput(1))) {
        nodes.add(
            new Node(
                NodeProto.newBuilder().addInput(n.getInput(0)).addOutput(n.getOutput(0)).build(),
                "QuickGelu"));
      } else {
        nodes.add(new Node(n, n.getOpType()));
      }
    }
    return nodes;
  }

  private int size(Node node) {
    return switch (node.operator()) {
      case "Shape" -> Long.BYTES;
      case "Cast" -> bytes((int) node.number("to", 1));
      default -> bytes.get(node.input(0));
    };
  }

  private static int bytes(int type) {
    return switch (type) {
      case INT64, FLOAT64 -> Long.BYTES;
      case FLOAT16 -> Short.BYTES;
      default -> Float.BYTES;
    };
  }

  private static List<ShapeInference.Dim> dims(TensorShapeProto shape) {
    return shape.getDimList().stream()
        .map(
            d ->
                d.getDimParam().isEmpty()
                    ? ShapeInference.Dim.of(d.getDimValue())
                    : new ShapeInference.Dim(-1, d.getDimParam()))
        .toList();
  }

  private static long[] numbers(TensorProto t) {
    ByteBuffer raw = t.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    boolean whole = t.getDataType() == INT64;
    long[] numbers = new long[raw.remaining() / (whole ? Long.BYTES : Float.BYTES)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = whole ? raw.getLong() : (long) raw.getFloat();
    }
    return numbers;
  }

  /**
   * The order in which ONNX Runtime executes a graph's nodes: depth first from the ends of the
   * graph, each node after those it needs, of which the one that was written last comes first.
   */
  static final class ExecutionOrder {
    private ExecutionOrder() {}

    /**
     * @param nodes in the order of writing
     */
    static List<Node> of(List<Node> nodes) {
      Map<String, Integer> producers = new HashMap<>();
      boolean[] needed = new boolean[nodes.size()];
      for (int i = 0; i < nodes.size(); i++) {
        for (String output : nodes.get(i).outputs()) {
          producers.put(output, i);
        }
      }
      for (Node node : nodes) {
        for (String input : node.inputs()) {
          Integer producer = producers.get(input);
          if (producer != null) {
            needed[producer] = true;
          }
        }
      }
      // Indices of nodes; -1 - i where only the node itself is left to do.
      Deque<Integer> stack = new ArrayDeque<>();
      for (int i = 0; i < nodes.size(); i++) {
        if (!needed[i]) {
          stack.push(i);
        }
      }
      boolean[] seen = new boolean[nodes.size()];
      List<Node> order = new ArrayList<>();
      while (!stack.isEmpty()) {
        int top = stack.pop();
        if (top < 0) {
          order.add(nodes.get(-1 - top));
        } else if (!seen[top]) {
          seen[top] = true;
          stack.push(-1 - top);
          TreeSet<Integer> before = new TreeSet<>();
          for (String input : nodes.get(top).inputs()) {
            before.add(producers.getOrDefault(input, -1));
          }
          before.remove(-1);
          for (int i : before) {
            if (!seen[i]) {
              stack.push(i);
            }
          }
        }
      }
      return Collections.unmodifiableList(order);
    }
  }
}
