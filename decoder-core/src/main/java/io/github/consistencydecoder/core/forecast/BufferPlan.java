package io.github.consistencydecoder.core.forecast;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Plans which tensors of a graph share a buffer, as ONNX Runtime does when it opens the graph:
 * views with what they view, results with an operand that nobody else needs where the operator
 * works in place, and results with an earlier tensor that is done with and certainly has the same
 * shape.
 */
final class BufferPlan {
  /** Seen in version 1.29; sums and products are not among them. */
  private static final Set<String> IN_PLACE = Set.of("Cast", "Sigmoid");

  private final Map<String, String> buffers = new HashMap<>();
  private final Map<String, Integer> uses = new HashMap<>();
  private final Map<Node, List<String>> releases = new HashMap<>();

  /**
   * @param order of execution
   * @param known shapes as far as they are known beforehand
   * @param bytes of an element of each value
   * @param outputs of the graph, which share nothing
   * @param given inputs and constants, which are nobody's to write to
   */
  BufferPlan(
      List<Node> order,
      ShapeInference known,
      Map<String, Integer> bytes,
      Set<String> outputs,
      Set<String> given) {
    for (Node node : order) {
      node.inputs().forEach(i -> uses.merge(i, 1, Integer::sum));
      node.outputs().forEach(o -> uses.merge(o, 1, Integer::sum));
    }
    outputs.forEach(o -> uses.merge(o, 1, Integer::sum));
    given.forEach(g -> uses.merge(g, 1, Integer::sum));
    List<String> dead = new ArrayList<>();
    for (Node node : order) {
      for (String output : node.outputs()) {
        String buffer = output;
        if (!outputs.contains(output)) {
          buffer = shared(node, output, known, bytes, dead);
        }
        buffers.put(output, buffer);
        if (!buffer.equals(output)) {
          uses.merge(buffer, uses.get(output), Integer::sum);
        }
      }
      for (String value : node.inputs()) {
        done(value, dead, given);
      }
      for (String value : node.outputs()) {
        done(value, dead, given);
      }
    }
    Map<String, Node> last = new HashMap<>();
    for (Node node : order) {
      node.inputs().forEach(i -> last.put(buffer(i), node));
      node.outputs().forEach(o -> last.put(buffer(o), node));
    }
    Set<String> kept = new HashSet<>(outputs);
    kept.addAll(given);
    last.forEach(
        (buffer, node) -> {
          if (!kept.contains(buffer)) {
            releases.computeIfAbsent(node, n -> new ArrayList<>()).add(buffer);
          }
        });
  }

  /** The tensor whose buffer a tensor lies in; itself if it has its own. */
  String buffer(String value) {
    return buffers.getOrDefault(value, value);
  }

  /** What is released after a node. */
  List<String> releasedAfter(Node node) {
    return releases.getOrDefault(node, List.of());
  }

  private String shared(
      Node node,
      String output,
      ShapeInference known,
      Map<String, Integer> bytes,
      List<String> dead) {
    if (node.operator().equals("Reshape")) {
      return buffer(node.input(0));
    }
    if (IN_PLACE.contains(node.operator())) {
      String original = buffer(node.input(0));
      if (uses.get(original) == 1 && sameSize(node.input(0), output, known, bytes)) {
        return original;
      }
    }
    for (Iterator<String> candidates = dead.iterator(); candidates.hasNext(); ) {
      String candidate = candidates.next();
      if (sameSize(candidate, output, known, bytes)) {
        candidates.remove();
        return candidate;
      }
    }
    return output;
  }

  private static boolean sameSize(
      String a, String b, ShapeInference known, Map<String, Integer> bytes) {
    List<ShapeInference.Dim> p = known.shape(a);
    List<ShapeInference.Dim> q = known.shape(b);
    if (p == null || q == null || p.isEmpty() || p.size() != q.size()) {
      return false;
    }
    for (int i = 0; i < p.size(); i++) {
      if (!p.get(i).same(q.get(i))) {
        return false;
      }
    }
    return bytes.get(a).equals(bytes.get(b));
  }

  private void done(String value, List<String> dead, Set<String> given) {
    String original = buffer(value);
    if (uses.merge(original, -1, Integer::sum) == 0 && !given.contains(original)) {
      dead.add(0, original);
    }
  }
}
