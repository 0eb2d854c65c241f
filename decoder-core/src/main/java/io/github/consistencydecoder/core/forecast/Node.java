package io.github.consistencydecoder.core.forecast;

import io.github.consistencydecoder.models.network.onnx.proto.AttributeProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import java.util.List;

/** An operator of a graph, with its attributes at hand. */
final class Node {
  private final NodeProto proto;
  private final String operator;

  Node(NodeProto proto, String operator) {
    this.proto = proto;
    this.operator = operator;
  }

  String operator() {
    return operator;
  }

  boolean blocked() {
    return proto.getDomain().equals("com.microsoft.nchwc");
  }

  List<String> inputs() {
    return proto.getInputList();
  }

  List<String> outputs() {
    return proto.getOutputList();
  }

  String input(int index) {
    return proto.getInput(index);
  }

  long number(String attribute, long otherwise) {
    for (AttributeProto a : proto.getAttributeList()) {
      if (a.getName().equals(attribute)) {
        return a.getI();
      }
    }
    return otherwise;
  }

  /** A list of numbers; {@code otherwise} where there is none. */
  long[] numbers(String attribute, long... otherwise) {
    for (AttributeProto a : proto.getAttributeList()) {
      if (a.getName().equals(attribute) && a.getIntsCount() > 0) {
        return a.getIntsList().stream().mapToLong(Long::longValue).toArray();
      }
    }
    return otherwise;
  }
}
