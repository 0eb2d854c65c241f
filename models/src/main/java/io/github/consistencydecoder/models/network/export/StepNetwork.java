package io.github.consistencydecoder.models.network.export;

import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * One evaluation of the consistency network within a larger graph: plain convolutions over weights
 * that all evaluations share, and second norms with this timestep's conditioning folded in.
 */
final class StepNetwork {
  private final GraphBuilder g;
  private final ConsistencyNetwork network;
  private final SharedWeights weights;
  private final ElementType type;
  private final String scope;
  private final float[] conditioning;
  private int used;

  /**
   * @param scope begins the names of this evaluation's values
   * @param conditioning of its timestep, packed in order of execution
   */
  StepNetwork(
      GraphBuilder g,
      ConsistencyNetwork network,
      SharedWeights weights,
      ElementType type,
      String scope,
      float[] conditioning) {
    this.g = g;
    this.network = network;
    this.weights = weights;
    this.type = type;
    this.scope = scope;
    this.conditioning = conditioning;
  }

  /**
   * The evaluation.
   *
   * @param input {@code [N, 7, H, W]}
   * @return {@code [N, 3, H, W]}
   */
  Value of(Value input) throws IOException {
    int first = network.widths().get(0);
    Value x = convolution("conv_in", input, first, ConsistencyNetwork.INPUT_CHANNELS);
    Deque<Value> skips = new ArrayDeque<>();
    skips.push(x);
    for (Block b : network.blocks()) {
      if (b.skip() > 0) {
        x = g.concat(scope + b.name() + ".input", x, skips.pop());
      }
      x = block(b, x);
      if (b.name().startsWith("down")) {
        skips.push(x);
      }
    }
    Value last = activated("conv_norm_out", x, ownAffine("conv_norm_out", first));
    return convolution("conv_out", last, ConsistencyNetwork.IMAGE_CHANNELS, first);
  }

  private Value block(Block b, Value x) throws IOException {
    String name = b.name();
    Value h = activated(name + ".norm1", x, ownAffine(name + ".norm1", b.in()));
    switch (b.kind()) {
      case SAME -> {}
      case DOWN -> {
        h = g.averagePool2(scope + name + ".pooled", h);
        x = g.averagePool2(scope + name + ".shortcut", x);
      }
      case UP -> {
        h = g.enlarge(scope + name + ".doubled", h, 2);
        x = g.enlarge(scope + name + ".shortcut", x, 2);
      }
    }
    h = convolution(name + ".conv1", h, b.out(), b.in());
    h = activated(name + ".norm2", h, conditionedAffine(name + ".norm2", b.out()));
    h = convolution(name + ".conv2", h, b.out(), b.out());
    if (b.hasShortcut()) {
      x =
          g.conv(
              scope + name + ".conv_shortcut",
              x,
              weights.constant(name + ".conv_shortcut.weight", type, b.out(), b.in(), 1, 1),
              weights.constant(name + ".conv_shortcut.bias", type, b.out()),
              0,
              0,
              0,
              0);
    }
    return g.add(scope + name, h, x);
  }

  private Value convolution(String name, Value x, long out, long in) throws IOException {
    return g.conv(
        scope + name,
        x,
        weights.constant(name + ".weight", type, out, in, 3, 3),
        weights.constant(name + ".bias", type, out),
        1,
        1,
        1,
        1);
  }

  /** Group norm and SiLU; the norm in float32 whatever the graph's type. */
  private Value activated(String name, Value x, List<Value> affine) {
    String full = scope + name;
    Value wide = g.cast(full + ".wide", x, ElementType.FLOAT32);
    Value n = g.normaliseGroups(full + ".plain", wide, network.groups(), network.epsilon());
    n = g.add(full, g.mul(full + ".scaled", n, affine.get(0)), affine.get(1));
    return g.silu(full + ".silu", g.cast(full + ".narrow", n, type));
  }

  private List<Value> ownAffine(String name, long channels) throws IOException {
    return List.of(
        weights.constant(name + ".weight", ElementType.FLOAT32, channels, 1, 1),
        weights.constant(name + ".bias", ElementType.FLOAT32, channels, 1, 1));
  }

  private List<Value> conditionedAffine(String name, int channels) throws IOException {
    return List.of(
        conditioned(scope + name + ".gamma", channels),
        conditioned(scope + name + ".beta", channels));
  }

  private Value conditioned(String name, int channels) throws IOException {
    float[] values = java.util.Arrays.copyOfRange(conditioning, used, used + channels);
    used += channels;
    return weights.derived(name, values, channels, 1, 1);
  }
}
