package io.github.consistencydecoder.core.forecast;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The shapes of a graph's tensors, from those of its inputs: as far as the runtime knows them
 * before a run, where dimensions may be unknown, or completely, where none is.
 *
 * <p>Knows the operators that this project's graphs are made of, and those that the runtime makes
 * of them.
 */
final class ShapeInference {
  private static final int SPATIAL = 2;

  private final Map<String, List<Dim>> shapes = new HashMap<>();
  private final Map<String, long[]> numbers;
  private final Map<String, List<Dim>> declared;

  /**
   * @param numbers values of small constants
   * @param declared what the graph says of shapes
   */
  ShapeInference(Map<String, long[]> numbers, Map<String, List<Dim>> declared) {
    this.numbers = new HashMap<>(numbers);
    this.declared = declared;
  }

  /** Says the shape of an input or a constant. */
  void put(String value, List<Dim> shape) {
    shapes.put(value, shape);
  }

  /** The shape of a value; null if not even its rank is known. */
  List<Dim> shape(String value) {
    return shapes.get(value);
  }

  /** Adds the shapes of a node's outputs. */
  void infer(Node node) {
    List<String> outputs = node.outputs();
    if (node.operator().equals("Split")) {
      long[] sizes = numbers.get(node.input(1));
      for (int i = 0; i < outputs.size(); i++) {
        List<Dim> shape = new ArrayList<>(shapes.get(node.input(0)));
        shape.set((int) node.number("axis", 0), Dim.of(sizes[i]));
        shapes.put(outputs.get(i), shape);
      }
      return;
    }
    String out = outputs.get(0);
    List<Dim> inferred = inferOne(node);
    List<Dim> said = declared.get(out);
    shapes.put(out, said == null ? inferred : inferred == null ? said : merged(said, inferred));
    if (node.operator().equals("Shape") && complete(shapes.get(node.input(0)))) {
      numbers.put(out, sizes(shapes.get(node.input(0))));
    }
  }

  private List<Dim> inferOne(Node node) {
    List<Dim> x = shapes.get(node.input(0));
    if (x == null) {
      return null;
    }
    return switch (node.operator()) {
      case "Add", "Div", "Mul", "Sub" -> broadcast(x, shapes.get(node.input(1)));
      case "AveragePool" -> window(node, x, x.get(1), node.numbers("kernel_shape"));
      case "Concat" -> joined(node);
      case "Conv" -> {
        List<Dim> w = shapes.get(node.input(1));
        long[] kernel = {w.get(SPATIAL).size(), w.get(SPATIAL + 1).size()};
        yield window(node, x, w.get(0), kernel);
      }
      case "DepthToSpace" -> {
        long b = node.number("blocksize", 1);
        yield List.of(x.get(0), by(x.get(1), 1, b * b), by(x.get(2), b, 1), by(x.get(3), b, 1));
      }
      case "Expand" -> Arrays.stream(numbers.get(node.input(1))).mapToObj(Dim::of).toList();
      case "FusedMatMul" -> {
        List<Dim> b = shapes.get(node.input(1));
        yield b == null
            ? null
            : List.of(b.get(1).known() ? b.get(1) : x.get(0), x.get(1), b.get(2));
      }
      case "Gather" -> List.of(Dim.of(1));
      case "MatMul" -> {
        List<Dim> b = shapes.get(node.input(1));
        if (b == null) {
          yield null;
        }
        List<Dim> shape = new ArrayList<>(x);
        shape.set(x.size() - 1, b.get(b.size() - 1));
        yield shape;
      }
      case "ReduceMean", "ReduceSumSquare" -> reduced(node, x);
      case "ReorderOutput" ->
          List.of(x.get(0), Dim.of(node.number("channels", -1)), x.get(2), x.get(3));
      case "Reshape" -> reshaped(x, numbers.get(node.input(1)), shapes.get(node.input(1)));
      case "Resize" -> enlarged(x, numbers.get(node.input(2))[SPATIAL]);
      case "Shape" -> List.of(Dim.of(x.size()));
      case "Slice" -> sliced(node, x);
      case "Transpose" -> {
        long[] order = node.numbers("perm");
        yield Arrays.stream(order).mapToObj(i -> x.get((int) i)).toList();
      }
      case "Upsample" -> enlarged(x, node.numbers("scales", 1, 1, 2, 2)[SPATIAL]);
      case "BatchNormalization",
          "Cast",
          "InstanceNormalization",
          "QuickGelu",
          "Relu",
          "ReorderInput",
          "Sigmoid",
          "Sqrt" ->
          x;
      default ->
          throw new IllegalArgumentException(
              "the memory of operator '" + node.operator() + "' cannot be told");
    };
  }

  private static List<Dim> window(Node node, List<Dim> x, Dim channels, long[] kernel) {
    long[] pads = node.numbers("pads", 0, 0, 0, 0);
    long[] strides = node.numbers("strides", 1, 1);
    List<Dim> shape = new ArrayList<>(List.of(x.get(0), channels));
    for (int i = 0; i < SPATIAL; i++) {
      Dim d = x.get(SPATIAL + i);
      long padded = d.size() + pads[i] + pads[SPATIAL + i];
      shape.add(d.known() ? Dim.of((padded - kernel[i]) / strides[i] + 1) : Dim.UNKNOWN);
    }
    return shape;
  }

  private List<Dim> joined(Node node) {
    int axis = (int) node.number("axis", 0);
    List<Dim> shape = null;
    long sum = 0;
    for (String input : node.inputs()) {
      List<Dim> part = shapes.get(input);
      if (part == null) {
        return null;
      }
      shape = shape == null ? new ArrayList<>(part) : merged(shape, part);
      Dim along = part.get(axis);
      sum = along.known() && sum >= 0 ? sum + along.size() : -1;
    }
    shape.set(axis, Dim.of(sum));
    return shape;
  }

  private List<Dim> sliced(Node node, List<Dim> x) {
    long[] starts = numbers.get(node.input(1));
    long[] ends = numbers.get(node.input(2));
    long[] axes = numbers.get(node.input(3));
    List<Dim> shape = new ArrayList<>(x);
    for (int i = 0; i < axes.length; i++) {
      Dim d = x.get((int) axes[i]);
      shape.set(
          (int) axes[i], d.known() ? Dim.of(Math.min(d.size(), ends[i]) - starts[i]) : Dim.UNKNOWN);
    }
    return shape;
  }

  private static List<Dim> reshaped(List<Dim> x, long[] wanted, List<Dim> wantedShape) {
    if (wanted == null) {
      // A shape that another tensor has; before the run only its rank is known.
      return wantedShape == null || !wantedShape.get(0).known()
          ? null
          : new ArrayList<>(Collections.nCopies((int) wantedShape.get(0).size(), Dim.UNKNOWN));
    }
    List<Dim> shape = new ArrayList<>();
    long rest = complete(x) ? elements(x) : -1;
    int open = -1;
    for (int i = 0; i < wanted.length; i++) {
      Dim d = wanted[i] == 0 ? x.get(i) : Dim.of(wanted[i]);
      if (wanted[i] < 0) {
        open = i;
      } else {
        rest = rest >= 0 && d.known() ? rest / d.size() : -1;
      }
      shape.add(d);
    }
    if (open >= 0) {
      shape.set(open, Dim.of(rest));
    }
    return shape;
  }

  private static List<Dim> reduced(Node node, List<Dim> x) {
    List<Dim> shape = new ArrayList<>(x);
    int axis = (int) node.numbers("axes")[0];
    if (node.number("keepdims", 1) == 0) {
      shape.remove(axis);
    } else {
      shape.set(axis, Dim.of(1));
    }
    return shape;
  }

  private static List<Dim> enlarged(List<Dim> x, long factor) {
    return List.of(x.get(0), x.get(1), by(x.get(2), factor, 1), by(x.get(3), factor, 1));
  }

  private static Dim by(Dim d, long factor, long divisor) {
    return d.known() ? Dim.of(d.size() * factor / divisor) : Dim.UNKNOWN;
  }

  private static List<Dim> broadcast(List<Dim> a, List<Dim> b) {
    if (b == null) {
      return null;
    }
    int rank = Math.max(a.size(), b.size());
    List<Dim> shape = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      Dim p = i < rank - a.size() ? Dim.of(1) : a.get(i - rank + a.size());
      Dim q = i < rank - b.size() ? Dim.of(1) : b.get(i - rank + b.size());
      shape.add(broadcast(p, q));
    }
    return shape;
  }

  private static Dim broadcast(Dim p, Dim q) {
    if (p.size() == 1) {
      return q;
    }
    if (q.size() == 1 || p.known()) {
      return p;
    }
    return q.known() || p.same(q) ? q : Dim.UNKNOWN;
  }

  /** What is known from either; a name in {@code a} stands against one in {@code b}. */
  private static List<Dim> merged(List<Dim> a, List<Dim> b) {
    List<Dim> shape = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      Dim p = a.get(i);
      shape.add(p.known() || (!p.name().isEmpty() && !b.get(i).known()) ? p : b.get(i));
    }
    return shape;
  }

  static boolean complete(List<Dim> shape) {
    return shape != null && shape.stream().allMatch(Dim::known);
  }

  static long elements(List<Dim> shape) {
    return shape.stream().mapToLong(Dim::size).reduce(1, Math::multiplyExact);
  }

  private static long[] sizes(List<Dim> shape) {
    return shape.stream().mapToLong(Dim::size).toArray();
  }

  /**
   * One dimension of a tensor as the runtime knows it before a run.
   *
   * @param size -1 if that is not known
   * @param name of an unknown size; empty if it has none
   */
  record Dim(long size, String name) {
    static final Dim UNKNOWN = new Dim(-1, "");

    static Dim of(long size) {
      return size < 0 ? UNKNOWN : new Dim(size, "");
    }

    boolean known() {
      return size >= 0;
    }

    /** Whether two dimensions are the same for certain. */
    boolean same(Dim other) {
      return known() ? size == other.size : !name.isEmpty() && name.equals(other.name);
    }
  }
}
