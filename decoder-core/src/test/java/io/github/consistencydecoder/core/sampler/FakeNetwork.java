package io.github.consistencydecoder.core.sampler;

/** The network of make_sampler_goldens.py: one rounding per operation, no library function. */
final class FakeNetwork implements Denoiser {
  int evaluations;

  @Override
  public void denoise(float[] xt, int timestep, Coefficients coefficients, float[] x0) {
    evaluations++;
    float cIn = (float) coefficients.cIn();
    float cOut = (float) coefficients.cOut();
    float cSkip = (float) coefficients.cSkip();
    for (int i = 0; i < xt.length; i++) {
      float y = Math.min(Math.max(0.75f * (cIn * xt[i]), -1.5f), 1.5f) + timestep / 4096f;
      x0[i] = cOut * y + cSkip * xt[i];
    }
  }
}
