package io.github.consistencydecoder.core.memory;

import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How much memory a decode needs beyond the open model where what the runtime makes of the graph
 * cannot be seen: the largest sum of tensors alive at one moment when operators run one after the
 * other, as ONNX Runtime's CPU provider runs them.
 */
public final class MemoryEstimate {
  /**
   * What the allocator's rounding and the reordered copies of convolution inputs add: measured
   * peaks are 1.18 to 1.2 times the sum of tensors, for the published widths at 128x128 and 256x256
   * and for the bundled model at 512x512 (docs/benchmarks.md).
   */
  private static final double OVERHEAD = 1.2;

  private MemoryEstimate() {}

  /**
   * Peak bytes of one evaluation in float32.
   *
   * @param pixels of the whole batch, at full resolution
   */
  public static long bytes(ConsistencyNetwork network, long pixels) {
    return (long) (4.0 * pixels * peakValuesPerPixel(network));
  }

  /** Values alive at the peak per pixel of the picture. */
  private static double peakValuesPerPixel(ConsistencyNetwork network) {
    Deque<Double> skips = new ArrayDeque<>();
    double share = 1;
    double kept = network.widths().get(0) * share;
    skips.push(kept);
    double peak = 0;
    for (Block b : network.blocks()) {
      double wide = b.in() * share;
      if (b.skip() > 0) {
        kept -= skips.pop();
      }
      // Input of the block, its normalised form, and what scale and shift make of it before SiLU.
      double before = kept + 4 * wide;
      if (b.kind() == Block.Kind.DOWN) {
        share /= 4;
      } else if (b.kind() == Block.Kind.UP) {
        share *= 4;
      }
      double out = b.out() * share;
      // The shortcut's input, and either phases and their interleaving or a convolution's input,
      // result and norm.
      double within = kept + wide + 3 * out;
      peak = Math.max(peak, Math.max(before, within));
      if (b.name().startsWith("down")) {
        skips.push(out);
        kept += out;
      }
    }
    return peak * OVERHEAD;
  }
}
