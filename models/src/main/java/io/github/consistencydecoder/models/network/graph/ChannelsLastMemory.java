package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What one evaluation of a {@link ChannelsLastGraph} holds at its peak: the largest sum of pictures
 * that are needed at one moment, in values a pixel of the image.
 */
final class ChannelsLastMemory {
  /** Channels of the image as it enters, kept to make the first skip connection from it again. */
  private static final int ENTRY = ChannelsLastGraph.CHANNEL_BLOCK;

  private ChannelsLastMemory() {}

  /** Values a pixel at the peak. */
  static double valuesPerPixel(ConsistencyNetwork network) {
    Deque<Double> skips = new ArrayDeque<>();
    double kept = ENTRY;
    double peak = 0;
    double share = 1;
    for (Block b : network.blocks()) {
      double in = b.in() * share;
      if (b.skip() > 0 && !skips.isEmpty()) {
        kept -= skips.pop();
      }
      share /= Math.pow(4, b.kind().levels());
      double out = b.out() * share;
      peak = Math.max(peak, kept + Math.max(first(b, in, out), second(b, in, out)));
      if (b.name().startsWith("down")) {
        skips.push(out);
        kept += out;
      }
    }
    return peak;
  }

  /** Until the first convolution is done. */
  private static double first(Block b, double in, double out) {
    if (b.skip() > 0) {
      // What is joined and its norm, which the convolution reads; what the shortcut reads stays.
      return 2 * in + out;
    }
    return switch (b.kind()) {
      // The last block's two parts, their sum and its norm.
      case SAME, DOWN -> 4 * in;
      // Rows of either parity, and the picture that they make.
      case UP -> in + 2 * out;
    };
  }

  /** From there to the sum: two of norm, convolution and shortcut at a time. */
  private static double second(Block b, double in, double out) {
    return (b.kind() == Block.Kind.SAME ? Math.max(in, out) : in) + 2 * out;
  }
}
