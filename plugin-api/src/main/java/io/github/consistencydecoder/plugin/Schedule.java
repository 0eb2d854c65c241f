package io.github.consistencydecoder.plugin;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The timesteps at which the network is evaluated, in order. The published decoder uses {@link
 * #TWO_STEPS}; one step costs half.
 *
 * @param timesteps each in {@code 1 .. 1023}; 1 to 64 of them. A consistency decoder was trained on
 *     multiples of 16 up to 1008
 */
public record Schedule(List<Integer> timesteps) {
  /** The published schedule: 1008, then 512. */
  public static final Schedule TWO_STEPS = new Schedule(List.of(1008, 512));

  /** One evaluation at 1008. */
  public static final Schedule ONE_STEP = new Schedule(List.of(1008));

  /** One evaluation at 512, for a decode that has a {@link Start}. */
  public static final Schedule WARM = new Schedule(List.of(512));

  private static final int LARGEST = 64;

  public Schedule {
    timesteps = List.copyOf(timesteps);
    if (timesteps.isEmpty() || timesteps.size() > LARGEST) {
      throw new IllegalArgumentException(
          "a schedule has 1 to " + LARGEST + " timesteps, this one " + timesteps.size());
    }
    for (int t : timesteps) {
      if (t < 1 || t > 1023) {
        throw new IllegalArgumentException("timestep " + t + " is outside 1 .. 1023");
      }
    }
  }

  /** The schedule of these timesteps. */
  public static Schedule of(int... timesteps) {
    List<Integer> list = new ArrayList<>(timesteps.length);
    for (int t : timesteps) {
      list.add(t);
    }
    return new Schedule(list);
  }

  /**
   * {@code n} steps evenly spread: positions {@code 1, (n-1)/n, .. 1/n} of the schedule, mapped as
   * OpenAI's decoder maps a position {@code s}: {@code i = floor(1023 s)}, {@code t = (floor(i /
   * 16) + 1) * 16}, and 1024 becomes 1008. {@code steps(2)} is {@link #TWO_STEPS}.
   *
   * @param n {@code 1 .. 64}
   */
  public static Schedule steps(int n) {
    if (n < 1 || n > LARGEST) {
      throw new IllegalArgumentException("the number of steps is 1 to " + LARGEST + ", not " + n);
    }
    List<Integer> list = new ArrayList<>(n);
    for (int k = n; k >= 1; k--) {
      list.add(timestep((double) k / n));
    }
    return new Schedule(list);
  }

  private static int timestep(double position) {
    int i = (int) Math.floor(1023 * position);
    int t = (i / 16 + 1) * 16;
    return t == 1024 ? 1008 : t;
  }

  /**
   * Reads the form that {@link #toString} writes.
   *
   * @param text timesteps separated by commas, for example {@code 1008,512}
   */
  public static Schedule parse(String text) {
    List<Integer> list = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      try {
        list.add(Integer.valueOf(part.strip()));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "schedule '" + text + "': '" + part + "' is not a timestep", e);
      }
    }
    return new Schedule(list);
  }

  @Override
  public String toString() {
    return timesteps.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
