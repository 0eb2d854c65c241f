package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.plugin.Tiling;
import java.util.List;

/** Schedule and dialect, as callers say them. */
public final class SamplingRules {
  /** The dialects' names on the wire. */
  public static final String ORIGINAL = "original";

  /** See {@link #ORIGINAL}. */
  public static final String DIFFUSERS = "diffusers";

  private static final int LARGEST_SCHEDULE = 64;

  private SamplingRules() {}

  /**
   * Timesteps in order.
   *
   * @param timesteps empty for the usual two
   * @throws ServiceException {@code INVALID} unless each is 1 to 1023 and none is above the one
   *     before
   */
  public static Schedule schedule(String field, List<Integer> timesteps) throws ServiceException {
    if (timesteps.isEmpty()) {
      return Schedule.TWO_STEPS;
    }
    if (timesteps.size() > LARGEST_SCHEDULE) {
      throw ServiceException.invalid(
          field, timesteps.size() + " timesteps were given; at most 64 are taken");
    }
    int before = 1024;
    for (int t : timesteps) {
      if (t < 1 || t >= 1024) {
        throw ServiceException.invalid(field, "timestep " + t + " is outside 1 .. 1023");
      }
      if (t > before) {
        throw ServiceException.invalid(
            field, "timestep " + t + " follows " + before + "; timesteps must not rise");
      }
      before = t;
    }
    return new Schedule(timesteps);
  }

  /**
   * A number of evenly spread steps.
   *
   * @throws ServiceException {@code INVALID} unless it is 1 to 64
   */
  public static Schedule steps(String field, long steps) throws ServiceException {
    if (steps < 1 || steps > LARGEST_SCHEDULE) {
      throw ServiceException.invalid(field, steps + " steps were asked for; 1 to 64 are possible");
    }
    return Schedule.steps((int) steps);
  }

  /**
   * A dialect by its name.
   *
   * @throws ServiceException {@code INVALID} unless it is {@code original} or {@code diffusers}
   */
  public static ClampMode dialect(String field, String name) throws ServiceException {
    return switch (name) {
      case ORIGINAL -> ClampMode.EACH_STEP;
      case DIFFUSERS -> ClampMode.NONE;
      default ->
          throw ServiceException.invalid(field, "dialects are original and diffusers, no others");
    };
  }

  /**
   * A tiling by its name.
   *
   * @throws ServiceException {@code INVALID} unless it is {@code auto}, {@code whole}, {@code
   *     exact} or {@code overlapped}
   */
  public static Tiling tiling(String field, String name) throws ServiceException {
    try {
      return Tiling.parse(name);
    } catch (IllegalArgumentException e) {
      // Its message repeats what the caller wrote.
      throw ServiceException.invalid(
          field, "auto, whole, exact and overlapped are possible, nothing else");
    }
  }

  /** The name of a dialect. */
  public static String name(ClampMode clamp) {
    return switch (clamp) {
      case EACH_STEP -> ORIGINAL;
      case NONE -> DIFFUSERS;
    };
  }
}
