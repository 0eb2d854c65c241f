package io.github.consistencydecoder.core.sampler;

import java.util.List;

/**
 * What the sampler leaves.
 *
 * @param x0 the pictures, {@code [N, 3, H, W] float32, row-major}; the caller's, not copied
 * @param stepNanos time of each evaluation, in the order of the schedule
 */
@SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
public record Sampled(float[] x0, List<Long> stepNanos) {
  public Sampled {
    stepNanos = List.copyOf(stepNanos);
  }
}
