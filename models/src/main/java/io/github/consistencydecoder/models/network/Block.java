package io.github.consistencydecoder.models.network;

/**
 * One residual block of the consistency network (specification of the network, "table of blocks").
 *
 * @param name in the diffusers naming without the {@code decoder_unet.} prefix, for example {@code
 *     up_blocks.2.resnets.3}
 * @param kind what it does to the resolution
 * @param in channels of the input, the skip's included
 * @param out channels of the output
 * @param skip channels of {@code in} that come from a skip connection; 0 on the way down and in the
 *     middle
 */
public record Block(String name, Kind kind, int in, int out, int skip) {
  /**
   * What a block does to the resolution, between its first activation and its first convolution.
   */
  public enum Kind {
    /** Nothing. */
    SAME,
    /** 2x2 average pooling. */
    DOWN,
    /** Nearest-neighbour doubling. */
    UP;

    /** How many levels down this goes. */
    public int levels() {
      return switch (this) {
        case SAME -> 0;
        case DOWN -> 1;
        case UP -> -1;
      };
    }
  }

  /** Whether the shortcut is a 1x1 convolution. */
  public boolean hasShortcut() {
    return in != out;
  }
}
