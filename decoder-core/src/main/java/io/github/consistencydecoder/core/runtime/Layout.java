package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.models.network.ChannelsLastGraph;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;

/** In which order a consistency decoder's values lie between two operators. */
public enum Layout {
  /** {@link #NHWC} on a CUDA device where the network's norms allow it, {@link #NCHW} otherwise. */
  AUTO,
  /** Channel by channel, with operators that every device has. */
  NCHW,
  /**
   * Channels last, with CUDA's own operators; on the CPU the same graph in standard operators,
   * which is slow and for checking only.
   */
  NHWC;

  /**
   * Whether this means channels last.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} if that was asked for and
   *     CUDA's norm cannot do the network's
   */
  public boolean channelsLast(Device device, ConsistencyNetwork network) {
    boolean cuda = device.kind() == Device.Kind.CUDA;
    boolean suits = ChannelsLastGraph.suits(network);
    return switch (this) {
      case AUTO -> cuda && suits;
      case NCHW -> false;
      case NHWC -> {
        if (cuda && !suits) {
          throw new DecoderException(
              DecoderErrorCode.MODEL_UNSUPPORTED,
              "layout nhwc needs groups of 2 to 512 channels, an even number, in every norm on a"
                  + " CUDA device; this network has widths "
                  + network.widths()
                  + " in "
                  + network.groups()
                  + " groups: use layout nchw");
        }
        yield true;
      }
    };
  }
}
