package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.memory.MemorySize;

/**
 * How a decode is done in the memory there is.
 *
 * @param manner whole or divided
 * @param peakBytes that the decode takes at its peak beyond what the open decoder holds, its arrays
 *     in Java included
 * @param spillBytes on disk
 * @param part what one evaluation sees, for a person: {@code 2 pictures}, {@code tiles of 512
 *     pixels}
 * @param step evaluates it
 */
record DecodePlan(
    Manner manner, long peakBytes, long spillBytes, String part, StepEvaluation step) {
  /** Kinds of plans, the fastest first. */
  enum Manner {
    /** The runtime sees whole pictures. */
    WHOLE,
    /** Layer by layer in bands of rows; the same picture to rounding. */
    BANDS,
    /** In overlapping tiles; nearly the same picture. */
    TILES
  }

  /** Whether it changes what the picture looks like. */
  boolean changesPixels() {
    return manner == Manner.TILES;
  }

  /** The plan in results: {@code whole, 1 picture at a time}, {@code exact, bands of 64 rows}. */
  String said() {
    String way =
        switch (manner) {
          case WHOLE -> "whole";
          case BANDS -> "exact";
          case TILES -> "overlapped";
        };
    return way + ", " + part;
  }

  /** The plan for a person: {@code whole, 1 picture at a time, 524 MB}. */
  @Override
  public String toString() {
    return said()
        + ", "
        + MemorySize.say(peakBytes)
        + (spillBytes > 0 ? " and " + MemorySize.say(spillBytes) + " on disk" : "");
  }
}
