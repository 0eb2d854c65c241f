package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.runtime.NetworkRunner.StepInputs;
import io.github.consistencydecoder.plugin.Cancellation;

/** A way of evaluating one step of the network for whole pictures. */
@FunctionalInterface
interface StepEvaluation {
  /**
   * Evaluates the step.
   *
   * @param in the pictures
   * @param noisy {@code [N, 3, 8h, 8w]}; borrowed
   * @param image {@code [N, 3, 8h, 8w]}; filled with the result, not clamped
   * @param cancellation stops it soon after it is thrown
   */
  void evaluate(StepInputs in, float[] noisy, float[] image, Cancellation cancellation);
}
