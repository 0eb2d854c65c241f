package io.github.consistencydecoder.models.network.onnx;

import io.github.consistencydecoder.models.network.onnx.proto.AttributeProto;
import io.github.consistencydecoder.models.network.onnx.proto.GraphProto;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a graph of {@link ChannelsLastOperators} again with standard operators in the place of
 * those that exist for CUDA only, and without memory taken in advance: every other node, every
 * weight, every name stays as it is. What comes out gives the same values on any device, and is
 * slow, since the picture is transposed around each convolution and norm.
 */
public final class StandardOperators {
  private final GraphBuilder g;
  private final ChannelsLastOperators ops;
  private final ElementType type;

  private StandardOperators(GraphBuilder g, ElementType type) {
    this.g = g;
    this.ops = new ChannelsLastOperators(g);
    this.type = type;
  }

  /**
   * The same graph in standard operators.
   *
   * @param type of its weights and activations
   */
  public static ModelProto of(ModelProto model, ElementType type) {
    GraphProto graph = model.getGraph();
    StandardOperators out = new StandardOperators(GraphBuilder.withoutNodes(model), type);
    for (NodeProto node : graph.getNodeList()) {
      out.write(node);
    }
    return out.g.build();
  }

  private void write(NodeProto node) {
    if (node.getOpType().equals(ChannelsLastOperators.PIECE)) {
      // Here it would be taken from what everything else lives on.
      ByteBuffer one = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(1);
      Value next = g.sharedConstant(node.getOutput(0) + ".1", ElementType.INT64, one.flip(), 1);
      g.copy(node.toBuilder().setInput(0, next.name()).build());
      return;
    }
    if (!node.getDomain().equals(ChannelsLastOperators.DOMAIN)) {
      g.copy(node);
      return;
    }
    switch (node.getOpType()) {
      case ChannelsLastOperators.CONVOLUTION -> convolution(node);
      case ChannelsLastOperators.NORM -> norm(node, value(node, 0), node.getOutput(0));
      case ChannelsLastOperators.SUM_AND_NORM -> {
        boolean kept = node.getOutputCount() > 1;
        String sum = kept ? node.getOutput(1) : node.getOutput(0) + ".sum";
        Value pair = g.add(sum + ".pair", value(node, 0), value(node, 3));
        norm(node, g.add(sum, pair, value(node, 4)), node.getOutput(0));
      }
      default ->
          throw new IllegalArgumentException(
              node.getOpType() + " of node '" + node.getName() + "' has no standard form here");
    }
  }

  private void convolution(NodeProto node) {
    String name = node.getOutput(0);
    List<Value> operands = new ArrayList<>();
    operands.add(ops.channelsFirst(name + ".x", value(node, 0)));
    operands.add(ops.channelsFirst(name + ".w", value(node, 1)));
    if (node.getInputCount() > 2) {
      operands.add(value(node, 2));
    }
    AttributeProto pads = attribute(node, "pads");
    Value y = g.node(name + ".y", "Conv", operands, pads);
    var unused = ops.channelsLast(name, y);
  }

  private void norm(NodeProto node, Value x, String name) {
    Value wide = g.cast(name + ".wide", x, ElementType.FLOAT32);
    Value plain =
        g.normaliseGroups(
            name + ".plain",
            ops.channelsFirst(name + ".x", wide),
            Math.toIntExact(attribute(node, "groups").getI()),
            attribute(node, "epsilon").getF());
    Value scaled = g.mul(name + ".scaled", plain, column(name + ".gamma.column", node.getInput(1)));
    Value affine = g.add(name + ".affine", scaled, column(name + ".beta.column", node.getInput(2)));
    var unused =
        ops.channelsLast(name, g.cast(name + ".narrow", g.silu(name + ".silu", affine), type));
  }

  /** {@code [C]} to {@code [C, 1, 1]}. */
  private Value column(String name, String vector) {
    Value v = new Value(vector, ElementType.FLOAT32);
    return g.node(name, "Reshape", List.of(v, g.constant(-1, 1, 1)));
  }

  private Value value(NodeProto node, int input) {
    return new Value(node.getInput(input), type);
  }

  private static AttributeProto attribute(NodeProto node, String name) {
    for (AttributeProto a : node.getAttributeList()) {
      if (a.getName().equals(name)) {
        return a;
      }
    }
    throw new IllegalArgumentException("node '" + node.getName() + "' has no " + name);
  }
}
