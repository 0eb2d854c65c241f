package io.github.consistencydecoder.core.runtime;

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
  boolean transformed(boolean faster, long weightBytes, long memoryBytes) {
    return switch (this) {
      case AUTO -> faster && memoryBytes / 3 >= weightBytes / 2;
      case DIRECT -> false;
      case WINOGRAD -> true;
    };
  }
}
