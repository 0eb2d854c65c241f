package io.github.consistencydecoder.core.plan;

import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.sampler.StepEvaluator;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.plugin.Cancellation;

/**
 * One step of whole pictures.
 *
 * @param runner borrowed
 * @param together pictures of one run at most
 */
public record Whole(NetworkRunner runner, int together) implements StepEvaluator {
  @Override
  public void evaluate(StepInputs in, float[] noisy, float[] image, Cancellation cancellation) {
    runner.evaluate(in, together, noisy, image, cancellation);
  }
}
