package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What is computed between two group norms of the consistency network. Once the statistics of its
 * sources are known, a stage can be evaluated for any band of rows alone, given the few rows above
 * and below that its convolution reaches.
 *
 * @param index of the stage, in order of execution
 * @param kind what it computes
 * @param norm the norm that comes first; empty where there is none
 * @param convolution its 3x3 convolution
 * @param sources what is normalised, channels below one another in this order; none for {@link
 *     Kind#IN}
 * @param change of the resolution: of the sources before the convolution in {@link Kind#FIRST}, of
 *     the shortcut in {@link Kind#SECOND}
 * @param shortcut what is added, channels below one another; none but for {@link Kind#SECOND}
 * @param shortcutConvolution the 1x1 convolution of the shortcut, if it has one
 * @param result what the stage makes; its channels and level alone count for {@link Kind#OUT}
 */
public record BandStage(
    int index,
    Kind kind,
    String norm,
    String convolution,
    List<BandTensor> sources,
    Block.Kind change,
    List<BandTensor> shortcut,
    Optional<String> shortcutConvolution,
    BandTensor result) {
  /** What a stage computes. */
  public enum Kind {
    /** The first convolution of the network, from {@code [1, 7, rows + 2, W]}. */
    IN,
    /** First half of a block: norm, SiLU, change of resolution, convolution. */
    FIRST,
    /** Second half of a block: norm with the conditioning, SiLU, convolution, shortcut. */
    SECOND,
    /** The end: norm, SiLU, convolution to three channels. */
    OUT
  }

  /** Copies the lists. */
  public BandStage {
    sources = List.copyOf(sources);
    shortcut = List.copyOf(shortcut);
  }

  /** All channels of the sources. */
  public int in() {
    return sources.stream().mapToInt(BandTensor::channels).sum();
  }

  /** Rows of the sources that a band needs above and below its own. */
  public int halo() {
    return change == Block.Kind.DOWN && kind == Kind.FIRST ? 2 : 1;
  }

  /** The stages of a network, in order of execution. */
  public static List<BandStage> of(ConsistencyNetwork network) {
    Sequence sequence = new Sequence();
    int first = network.widths().get(0);
    BandTensor x = sequence.tensor(first, 0);
    sequence.add(Kind.IN, "", "conv_in", List.of(), Block.Kind.SAME, List.of(), x);
    Deque<BandTensor> skips = new ArrayDeque<>(List.of(x));
    int level = 0;
    for (Block b : network.blocks()) {
      List<BandTensor> sources = b.skip() > 0 ? List.of(x, skips.pop()) : List.of(x);
      level += b.kind().levels();
      BandTensor h = sequence.tensor(b.out(), level);
      String name = b.name();
      sequence.add(Kind.FIRST, name + ".norm1", name + ".conv1", sources, b.kind(), List.of(), h);
      x = sequence.tensor(b.out(), level);
      sequence.add(Kind.SECOND, name + ".norm2", name + ".conv2", List.of(h), b.kind(), sources, x);
      if (name.startsWith("down")) {
        skips.push(x);
      }
    }
    BandTensor image = sequence.tensor(ConsistencyNetwork.IMAGE_CHANNELS, 0);
    sequence.add(
        Kind.OUT, "conv_norm_out", "conv_out", List.of(x), Block.Kind.SAME, List.of(), image);
    return List.copyOf(sequence.stages);
  }

  /** Stages and tensors, numbered as they are added. */
  private static final class Sequence {
    private final List<BandStage> stages = new ArrayList<>();
    private int tensors;

    BandTensor tensor(int channels, int level) {
      return new BandTensor(tensors++, channels, level);
    }

    void add(
        Kind kind,
        String norm,
        String convolution,
        List<BandTensor> sources,
        Block.Kind change,
        List<BandTensor> shortcut,
        BandTensor result) {
      int channels = shortcut.stream().mapToInt(BandTensor::channels).sum();
      Optional<String> pointwise =
          shortcut.isEmpty() || channels == result.channels()
              ? Optional.empty()
              : Optional.of(convolution.replace("conv2", "conv_shortcut"));
      stages.add(
          new BandStage(
              stages.size(),
              kind,
              norm,
              convolution,
              sources,
              change,
              shortcut,
              pointwise,
              result));
    }
  }
}
