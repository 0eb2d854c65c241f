package io.github.consistencydecoder.core.sampler;

/** One evaluation of the network: the seam between the sampler and the runtime. */
@FunctionalInterface
public interface Denoiser {
  /**
   * Estimates the clean picture: {@code cOut * network(cIn * xt, latent, timestep) + cSkip * xt},
   * unclamped.
   *
   * @param xt the noisy picture, {@code [N, 3, H, W] float32, row-major}; borrowed, not to be
   *     changed
   * @param timestep {@code 1 .. 1023}
   * @param coefficients of that timestep
   * @param x0 receives the estimate, {@code [N, 3, H, W]}; borrowed, wholly overwritten
   */
  void denoise(float[] xt, int timestep, Coefficients coefficients, float[] x0);
}
