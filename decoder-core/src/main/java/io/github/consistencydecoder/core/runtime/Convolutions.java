package io.github.consistencydecoder.core.runtime;

/** How a consistency decoder's 3x3 convolutions are computed on the CPU in float32. */
public enum Convolutions {
  /** The faster way for the network at hand. */
  AUTO,
  /** By the runtime's own kernels, over reordered weights. */
  DIRECT,
  /**
   * In Winograd's form, with a quarter of the multiplications, over transformed weights that take
   * four times the space; see docs/decisions.md for its rounding error.
   */
  WINOGRAD
}
