package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Rules for the noise that callers ask for. */
public final class NoiseRules {
  /** Standard normal values beyond this do not occur. */
  private static final float LARGEST = 1000;

  private NoiseRules() {}

  /**
   * Whether there are as many seeds as pictures, if there is one for each.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static void checkSeeds(String field, Noise noise, DecodeSize size)
      throws ServiceException {
    if (noise instanceof Noise.SeededPerImage each && each.seeds().size() != size.batch()) {
      int n = each.seeds().size();
      throw ServiceException.invalid(
          field,
          "%s given for %s latents; one for each is needed, or a single seed for all"
              .formatted(n + (n == 1 ? " seed was" : " seeds were"), size.batch()));
    }
  }

  /**
   * The caller's own numbers, in the order of the steps.
   *
   * @param field of the whole
   * @param steps borrowed; each {@code [N, 3, 8h, 8w]}, float32 or float16
   * @throws ServiceException {@code INVALID}
   */
  public static Noise given(String field, List<WireTensor> steps, DecodeSize size)
      throws ServiceException {
    if (steps.size() != size.steps()) {
      throw ServiceException.invalid(
          field,
          "noise for %s steps was given, the schedule has %s; one tensor for each is needed"
              .formatted(steps.size(), size.steps()));
    }
    List<Long> needed =
        List.of(
            (long) size.batch(),
            3L,
            (long) Latents.PIXELS_PER_CELL * size.height(),
            (long) Latents.PIXELS_PER_CELL * size.width());
    List<float[]> values = new ArrayList<>(steps.size());
    for (WireTensor step : steps) {
      if (!step.shape().equals(needed)) {
        throw ServiceException.invalid(
            step.fields().shape(),
            "noise of shape " + step.shape() + ": these latents need " + needed);
      }
      if (step.type() != TensorType.FLOAT32 && step.type() != TensorType.FLOAT16) {
        throw ServiceException.invalid(
            step.fields().type(), "noise is float32 or float16, not " + step.type().torchName());
      }
      values.add(normal(step));
    }
    return Noise.given(values);
  }

  private static float[] normal(WireTensor step) throws ServiceException {
    float[] values = step.finiteFloats();
    for (float value : values) {
      if (Math.abs(value) > LARGEST) {
        throw ServiceException.invalid(
            step.fields().data(),
            String.format(
                Locale.ROOT,
                "noise reaches %.3g; standard normal numbers stay within about 6",
                value));
      }
    }
    return values;
  }
}
