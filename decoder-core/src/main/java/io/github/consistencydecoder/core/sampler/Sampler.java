package io.github.consistencydecoder.core.sampler;

import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Runs the steps of a schedule: mixes noise into the pictures, has the network estimate the clean
 * ones, clamps them.
 *
 * <p>Arithmetic is in float32 with one rounding per operation, as PyTorch does it on float32
 * tensors. Two arrays of the pictures' size serve all steps.
 *
 * @param batch N
 * @param height h, of the latents in cells
 * @param width w, of the latents in cells
 * @param features {@code [N, 4, h, w]}, as {@link LatentTransform#features} makes them; borrowed
 * @param conditioning packed conditioning of a timestep, for the evaluator
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record Sampler(
    int batch, int height, int width, float[] features, IntFunction<float[]> conditioning) {
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

  /**
   * The cause of a decode's failure where the network gave NaN or infinity: with half precision,
   * that its numbers left the range.
   */
  public static final class NotFiniteException extends ArithmeticException {
    private static final long serialVersionUID = 1L;

    NotFiniteException(int timestep) {
      super("NaN or infinity at timestep " + timestep);
    }
  }

  /**
   * Decodes the batch.
   *
   * @param options schedule, clamp mode, listener and cancellation; their noise is ignored in
   *     favour of {@code noise}
   * @param noise borrowed, at its first step; of the pictures' size
   * @param evaluator borrowed
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED} if the switch is thrown before or
   *     between the steps; {@link DecoderErrorCode#RUNTIME_FAILED} if the network gives values that
   *     are not finite, with {@link NotFiniteException} as its cause; and what {@code evaluator}
   *     throws
   */
  public Sampled sample(DecodeOptions options, NoiseSource noise, StepEvaluator evaluator) {
    return sample(options, noise, null, evaluator);
  }

  /**
   * Decodes the batch from a picture.
   *
   * @param options as above
   * @param noise as above. The noise of a first step is drawn and dropped, unless it was given, so
   *     that a seed gives the same noise to the timestep that follows as it does without a start
   * @param start the pictures that the first step starts from, of the noise's size; taken over.
   *     Null to start from noise alone
   * @param evaluator as above
   * @throws DecoderException as above
   */
  public Sampled sample(
      DecodeOptions options, NoiseSource noise, float[] start, StepEvaluator evaluator) {
    List<Integer> timesteps = options.schedule().timesteps();
    int steps = timesteps.size();
    List<Long> nanos = new ArrayList<>(steps);
    float[] xt = new float[noise.size()];
    float[] x0 = start == null ? new float[noise.size()] : start;
    if (start != null) {
      clamp(x0, options.clamp());
      noise.skip();
    }
    for (int step = 0; step < steps; step++) {
      options.cancellation().check();
      int timestep = timesteps.get(step);
      NoiseSchedule.Coefficients coefficients = NoiseSchedule.coefficients(timestep);
      noise.next(xt);
      if (step == 0 && start == null) {
        scale(xt, coefficients);
      } else {
        mix(xt, x0, coefficients);
      }
      options.listener().stepStarted(step, steps, timestep);
      long began = System.nanoTime();
      evaluator.evaluate(inputs(timestep, coefficients), xt, x0, options.cancellation());
      long taken = System.nanoTime() - began;
      finish(x0, options.clamp(), timestep);
      nanos.add(taken);
      options.listener().stepFinished(step, steps, taken);
    }
    return new Sampled(x0, nanos);
  }

  private StepInputs inputs(int timestep, NoiseSchedule.Coefficients c) {
    float[] packed = {(float) c.cIn(), (float) c.cOut(), (float) c.cSkip()};
    return new StepInputs(batch, height, width, features, conditioning.apply(timestep), packed);
  }

  /** The first step starts from a picture of 0, so the noise alone remains. */
  private static void scale(float[] noise, NoiseSchedule.Coefficients c) {
    float b = (float) c.sqrtOneMinusAcp();
    for (int i = 0; i < noise.length; i++) {
      noise[i] = b * noise[i];
    }
  }

  private static void mix(float[] noise, float[] x0, NoiseSchedule.Coefficients c) {
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
    clamp(x0, clamp);
  }

  private static void clamp(float[] x0, ClampMode clamp) {
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
