package io.github.consistencydecoder.core.sampler;

import io.github.consistencydecoder.plugin.Cancellation;

/**
 * The network of make_sampler_goldens.py: one rounding per operation, no library function. It takes
 * the timestep for the conditioning.
 */
final class FakeNetwork implements StepEvaluator {
  int evaluations;

  @Override
  public void evaluate(StepInputs in, float[] xt, float[] x0, Cancellation cancellation) {
    evaluations++;
    float cIn = in.coefficients()[0];
    float cOut = in.coefficients()[1];
    float cSkip = in.coefficients()[2];
    for (int i = 0; i < xt.length; i++) {
      float y =
          Math.min(Math.max(0.75f * (cIn * xt[i]), -1.5f), 1.5f) + in.conditioning()[0] / 4096f;
      x0[i] = cOut * y + cSkip * xt[i];
    }
  }

  /** For one picture of one cell, or any other: neither depends on it. */
  static Sampler sampler() {
    return new Sampler(1, 1, 1, new float[4], timestep -> new float[] {timestep});
  }
}
