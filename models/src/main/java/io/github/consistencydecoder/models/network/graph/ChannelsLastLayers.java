package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.onnx.ChannelsLastOperators;
import io.github.consistencydecoder.models.network.onnx.ChannelsLastOperators.Norm;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Layers of a channels-last graph, from a checkpoint's weights to nodes. */
final class ChannelsLastLayers {
  private final GraphWeights weights;
  private final ChannelsLastOperators ops;
  private final ElementType type;

  /**
   * @param type of weights and activations
   */
  ChannelsLastLayers(GraphWeights weights, ChannelsLastOperators ops, ElementType type) {
    this.weights = weights;
    this.ops = ops;
    this.type = type;
  }

  /**
   * Channels of a convolution.
   *
   * @param out of the weight's first dimension
   * @param in of the weight's second dimension
   * @param side of the kernel
   */
  record Shape(int out, int in, int side) {}

  /**
   * Convolution that keeps the size.
   *
   * @param bias of the result, or none
   */
  Value convolution(String name, Value x, Shape shape, List<Value> bias) throws IOException {
    List<Value> kernelAndBias = new ArrayList<>(List.of(kernel(name, shape, shape)));
    kernelAndBias.addAll(bias);
    return ops.convolution(name, x, kernelAndBias, shape.side() / 2);
  }

  /** 3x3 convolution with its own bias. */
  Value biased(String name, Value x, int out, int in) throws IOException {
    return convolution(
        name, x, new Shape(out, in, 3), List.of(weights.constant(name + ".bias", type, out)));
  }

  /**
   * Kernel and bias of a convolution where one side has more channels than the checkpoint knows:
   * the others' weights are 0.
   *
   * @param from channels that have weights; the checkpoint may have more outputs
   * @param to channels of input and output
   */
  List<Value> widened(String name, Shape from, Shape to) throws IOException {
    float[] known = Arrays.copyOf(weights.floats(name + ".bias"), from.out());
    float[] wide = Arrays.copyOf(known, to.out());
    return List.of(
        kernel(name, from, to), weights.derived(name + ".wide.bias", type, wide, to.out()));
  }

  private Value kernel(String name, Shape from, Shape to) throws IOException {
    float[] kernel = channelsLast(weights.floats(name + ".weight"), from, to);
    return weights.derived(
        name + ".weight.last", type, kernel, to.out(), to.side(), to.side(), to.in());
  }

  /**
   * Nearest doubling, then a 3x3 convolution with its bias: for even and for odd rows one
   * convolution at the small size that gives both columns' phases.
   *
   * @param like a picture of the doubled size
   */
  Value doublingConvolution(String name, Value x, int channels, Value like) throws IOException {
    float[] w = weights.floats(name + ".weight");
    float[] bias = weights.floats(name + ".bias");
    float[] twice = Arrays.copyOf(bias, 2 * channels);
    System.arraycopy(bias, 0, twice, channels, channels);
    Value both = weights.derived(name + ".bias.twice", type, twice, 2L * channels);
    Shape phase = new Shape(channels, channels, 2);
    List<Value> rows = new ArrayList<>();
    for (int parity = 0; parity < 2; parity++) {
      float[] odd = channelsLast(PhaseKernels.of(w, parity, 1), phase, phase);
      float[] even = channelsLast(PhaseKernels.of(w, parity, 0), phase, phase);
      float[] kernels = Arrays.copyOf(odd, 2 * odd.length);
      System.arraycopy(even, 0, kernels, odd.length, even.length);
      String rowName = name + ".rows" + parity;
      Value kernel =
          weights.derived(rowName + ".weight", type, kernels, 2L * channels, 2, 2, channels);
      Value phases = ops.convolution(rowName + ".phases", x, List.of(kernel, both), 1);
      rows.add(ops.rowsOfPhases(rowName, phases, parity, channels));
    }
    return ops.interleaveRows(name, rows.get(0), rows.get(1), like, channels);
  }

  /** A norm with the checkpoint's own affine part. */
  Norm norm(String name, int channels, int groups, float epsilon) throws IOException {
    return new Norm(
        weights.constant(name + ".weight", ElementType.FLOAT32, channels),
        weights.constant(name + ".bias", ElementType.FLOAT32, channels),
        groups,
        epsilon);
  }

  /** The sum of several convolutions' biases. */
  Value bias(String name, List<String> convolutions) throws IOException {
    float[] sum = weights.floats(convolutions.get(0) + ".bias");
    for (String other : convolutions.subList(1, convolutions.size())) {
      float[] more = weights.floats(other + ".bias");
      for (int i = 0; i < sum.length; i++) {
        sum[i] += more[i];
      }
    }
    return weights.derived(name, type, sum, sum.length);
  }

  /** {@code [out, in, side, side]} to {@code [to.out, side, side, to.in]}, filled up with zeros. */
  private static float[] channelsLast(float[] kernel, Shape from, Shape to) {
    int taps = from.side() * from.side();
    float[] last = new float[to.out() * taps * to.in()];
    for (int o = 0; o < from.out(); o++) {
      for (int i = 0; i < from.in(); i++) {
        int first = (o * from.in() + i) * taps;
        for (int t = 0; t < taps; t++) {
          last[(o * taps + t) * to.in() + i] = kernel[first + t];
        }
      }
    }
    return last;
  }
}
