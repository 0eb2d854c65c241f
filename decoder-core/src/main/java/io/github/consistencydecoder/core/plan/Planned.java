package io.github.consistencydecoder.core.plan;

import io.github.consistencydecoder.core.memory.MemorySize;
import io.github.consistencydecoder.core.sampler.StepEvaluator;
import io.github.consistencydecoder.plugin.Tiling;

/**
 * How a decode is done in the memory there is.
 *
 * @param tiling {@link Tiling#WHOLE}, {@link Tiling#EXACT} for bands of rows, layer by layer, or
 *     {@link Tiling#OVERLAPPED}
 * @param peakBytes that the decode takes at its peak beyond what the open decoder holds, its arrays
 *     in Java included
 * @param spillBytes on disk
 * @param part what one evaluation sees, for a person: {@code 2 pictures}, {@code tiles of 512
 *     pixels}
 * @param evaluator does it
 */
public record Planned(
    Tiling tiling, long peakBytes, long spillBytes, String part, StepEvaluator evaluator) {
  /** The same with memory besides that of the evaluator. */
  Planned with(long besides) {
    return new Planned(tiling, peakBytes + besides, spillBytes, part, evaluator);
  }

  /** The plan in results: {@code whole, 1 picture at a time}, {@code exact, bands of 64 rows}. */
  public String said() {
    return tiling.id() + ", " + part;
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
