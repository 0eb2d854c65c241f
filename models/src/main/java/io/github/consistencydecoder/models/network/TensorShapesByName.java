package io.github.consistencydecoder.models.network;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects a network's tensors, layer by layer. */
public final class TensorShapesByName {
  public final Map<String, List<Long>> shapes = new LinkedHashMap<>();

  public void put(String name, long... shape) {
    List<Long> list = new ArrayList<>();
    for (long d : shape) {
      list.add(d);
    }
    shapes.put(name, List.copyOf(list));
  }

  /** A convolution with bias. */
  public void convolution(String name, long out, long in, long kernel) {
    put(name + ".weight", out, in, kernel, kernel);
    put(name + ".bias", out);
  }

  /** A norm with its affine part. */
  public void norm(String name, long channels) {
    put(name + ".weight", channels);
    put(name + ".bias", channels);
  }
}
