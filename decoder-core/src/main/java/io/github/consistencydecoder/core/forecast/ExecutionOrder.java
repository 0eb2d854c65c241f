package io.github.consistencydecoder.core.forecast;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The order in which ONNX Runtime executes a graph's nodes: depth first from the ends of the graph,
 * each node after those it needs, of which the one that was written last comes first.
 */
final class ExecutionOrder {
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
