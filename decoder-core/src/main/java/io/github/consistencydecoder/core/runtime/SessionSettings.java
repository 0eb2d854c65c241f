package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.graph.ChannelsLastGraph;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.Objects;

/**
 * How sessions are made.
 *
 * @param device where
 * @param threads of one evaluation, 0 for as many as there are cores
 * @param convolutions of a consistency decoder
 * @param layout of a consistency decoder
 * @param cuda advanced options
 */
public record SessionSettings(
    Device device, int threads, Convolutions convolutions, Layout layout, CudaOptions cuda) {
  /** Checks the number of threads. */
  public SessionSettings {
    Objects.requireNonNull(layout, "layout");
    Objects.requireNonNull(convolutions, "convolutions");
    Objects.requireNonNull(cuda, "cuda");
    if (threads < 0 || threads > 1024) {
      throw new IllegalArgumentException("the number of threads is 0 to 1024, not " + threads);
    }
  }

  /** Settings with {@link Convolutions#AUTO} and {@link Layout#AUTO}. */
  public SessionSettings(Device device, int threads) {
    this(device, threads, Convolutions.AUTO, Layout.AUTO, CudaOptions.NONE);
  }

  /** The same with {@link Layout#NCHW}. */
  public SessionSettings plain() {
    return new SessionSettings(device, threads, convolutions, Layout.NCHW, cuda);
  }

  int effectiveThreads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** How a consistency decoder's 3x3 convolutions are computed on the CPU in float32. */
  public enum Convolutions {
    /**
     * The faster way for the network at hand, as long as the machine has one and a half times the
     * memory that its weights would map; {@link #DIRECT} otherwise.
     */
    AUTO,
    /** By the runtime's own kernels, over reordered weights. */
    DIRECT,
    /**
     * In Winograd's form, with a quarter of the multiplications (four ninths at the lowest
     * resolution), over transformed weights that take four times the space (not quite twice); see
     * docs/adr for its rounding error.
     */
    WINOGRAD;

    /**
     * Whether this means Winograd's form.
     *
     * @param faster whether it is the faster way for the network
     * @param weightBytes of the transformed weights
     * @param memoryBytes that the machine, or the container, has
     */
    public boolean transformed(boolean faster, long weightBytes, long memoryBytes) {
      return switch (this) {
        case AUTO -> faster && memoryBytes / 3 >= weightBytes / 2;
        case DIRECT -> false;
        case WINOGRAD -> true;
      };
    }
  }

  /** In which order a consistency decoder's values lie between two operators. */
  public enum Layout {
    /**
     * {@link #NHWC} on a CUDA device where the network's norms allow it, {@link #NCHW} otherwise.
     */
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
}
