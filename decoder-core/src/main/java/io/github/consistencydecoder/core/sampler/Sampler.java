package io.github.consistencydecoder.core.sampler;

import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the steps of a schedule: mixes noise into the picture, lets the network estimate the clean
 * picture, clamps it.
 *
 * <p>Arithmetic is in float32 with one rounding per operation, as PyTorch does it on float32
 * tensors. Two arrays of the picture's size serve all steps.
 */
public final class Sampler {
  private Sampler() {}

  /**
   * Decodes one batch.
   *
   * @param options schedule, clamp mode, listener and cancellation; their noise is ignored in
   *     favour of {@code noise}
   * @param noise borrowed, at its first step; gives the size of the picture
   * @param denoiser borrowed
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED} if the switch is thrown before or
   *     between the steps; {@link DecoderErrorCode#RUNTIME_FAILED} if the network gives values that
   *     are not finite, with {@link NotFiniteException} as its cause; and what {@code denoiser}
   *     throws
   */
  public static Sampled sample(DecodeOptions options, NoiseSource noise, Denoiser denoiser) {
    List<Integer> timesteps = options.schedule().timesteps();
    int steps = timesteps.size();
    List<Long> nanos = new ArrayList<>(steps);
    float[] xt = new float[noise.size()];
    float[] x0 = new float[noise.size()];
    for (int step = 0; step < steps; step++) {
      options.cancellation().check();
      int timestep = timesteps.get(step);
      Coefficients coefficients = NoiseSchedule.coefficients(timestep);
      noise.next(xt);
      if (step == 0) {
        scale(xt, coefficients);
      } else {
        mix(xt, x0, coefficients);
      }
      options.listener().stepStarted(step, steps, timestep);
      long start = System.nanoTime();
      denoiser.denoise(xt, timestep, coefficients, x0);
      long taken = System.nanoTime() - start;
      finish(x0, options.clamp(), timestep);
      nanos.add(taken);
      options.listener().stepFinished(step, steps, taken);
    }
    return new Sampled(x0, nanos);
  }

  /** The first step starts from a picture of 0, so the noise alone remains. */
  private static void scale(float[] noise, Coefficients c) {
    float b = (float) c.sqrtOneMinusAcp();
    for (int i = 0; i < noise.length; i++) {
      noise[i] = b * noise[i];
    }
  }

  private static void mix(float[] noise, float[] x0, Coefficients c) {
    float a = (float) c.sqrtAcp();
    float b = (float) c.sqrtOneMinusAcp();
    for (int i = 0; i < noise.length; i++) {
      noise[i] = a * x0[i] + b * noise[i];
    }
  }

  private static void finish(float[] x0, ClampMode clamp, int timestep) {
    int bad = 0;
    for (float v : x0) {
      if (!Float.isFinite(v)) {
        bad++;
      }
    }
    if (bad > 0) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED,
          "the network gave "
              + bad
              + " of "
              + x0.length
              + " values that are NaN or infinite at timestep "
              + timestep
              + ": its weights may be damaged, or its precision too small for them; try float32",
          new NotFiniteException(timestep));
    }
    switch (clamp) {
      case EACH_STEP -> {
        for (int i = 0; i < x0.length; i++) {
          x0[i] = Math.min(Math.max(x0[i], -1f), 1f);
        }
      }
      case NONE -> {}
    }
  }
}
