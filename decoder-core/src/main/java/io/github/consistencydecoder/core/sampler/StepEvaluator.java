package io.github.consistencydecoder.core.sampler;

import io.github.consistencydecoder.plugin.Cancellation;

/**
 * Evaluates one step of the network for a batch of pictures: whole, in bands or in tiles. The seam
 * between the sampler and everything behind it.
 *
 * <p>Safe for use by several threads.
 */
@FunctionalInterface
public interface StepEvaluator {
  /**
   * Estimates the clean pictures: {@code c_out * network(c_in * noisy, features, conditioning) +
   * c_skip * noisy}. Returns soon after {@code cancellation} is thrown.
   *
   * @param in the pictures; borrowed
   * @param noisy {@code [N, 3, 8h, 8w] float32, row-major}; borrowed, not changed
   * @param image receives the estimate, {@code [N, 3, 8h, 8w]}, not clamped; borrowed, wholly
   *     overwritten
   * @throws io.github.consistencydecoder.plugin.DecoderException {@code CANCELLED}, {@code
   *     OUT_OF_MEMORY}, also where a disk is full, or {@code RUNTIME_FAILED}
   */
  void evaluate(StepInputs in, float[] noisy, float[] image, Cancellation cancellation);
}
