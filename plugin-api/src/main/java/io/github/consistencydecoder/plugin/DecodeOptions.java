package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Options of a decode. Immutable; the {@link Cancellation} and {@link DecodeListener} in it are
 * borrowed.
 *
 * <pre>{@code
 * DecodeOptions.defaults().toBuilder().seed(42).schedule(Schedule.ONE_STEP).build()
 * }</pre>
 */
public final class DecodeOptions {
  private static final DecodeOptions DEFAULTS = builder().build();

  private final Noise noise;
  private final Schedule schedule;
  private final boolean usualSchedule;
  private final Start start;
  private final Keep keep;
  private final ClampMode clamp;
  private final Tiling tiling;
  private final DecodeListener listener;
  private final Cancellation cancellation;

  private DecodeOptions(Builder b) {
    this.noise = b.noise;
    this.start = b.start;
    this.keep = b.keep;
    this.usualSchedule = b.schedule == null;
    this.schedule = b.effectiveSchedule();
    this.clamp = b.clamp;
    this.tiling = b.tiling;
    this.listener = b.listener;
    this.cancellation = b.cancellation;
  }

  /**
   * Seed 0, timesteps 1008 and 512, clamped after each step, divided as memory asks, no listener,
   * never cancelled.
   */
  public static DecodeOptions defaults() {
    return DEFAULTS;
  }

  /** A builder that starts at {@link #defaults()}. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that starts at these options. */
  public Builder toBuilder() {
    Builder b = new Builder();
    b.noise = noise;
    b.schedule = usualSchedule ? null : schedule;
    b.start = start;
    b.keep = keep;
    b.clamp = clamp;
    b.tiling = tiling;
    b.listener = listener;
    b.cancellation = cancellation;
    return b;
  }

  /**
   * All that a result depends on, by name: everything but the listener and the cancellation. Equal
   * where the same is asked for. The names are those of {@link DecodeOption#property}.
   */
  public Map<String, Object> asMap() {
    return DecodeOption.properties(this);
  }

  /** Where the noise comes from. */
  public Noise noise() {
    return noise;
  }

  /** The timesteps. */
  public Schedule schedule() {
    return schedule;
  }

  /** The picture that the first evaluation starts from. */
  public Start start() {
    return start;
  }

  /** Pixels that are known; empty where all are decoded. */
  public Optional<Keep> keep() {
    return Optional.ofNullable(keep);
  }

  /** What happens between the steps. */
  public ClampMode clamp() {
    return clamp;
  }

  /** Whether and how a large picture may be divided. */
  public Tiling tiling() {
    return tiling;
  }

  /** Who is told of progress. */
  public DecodeListener listener() {
    return listener;
  }

  /** What stops the decode. */
  public Cancellation cancellation() {
    return cancellation;
  }

  /** Collects options; not for use by several threads. */
  public static final class Builder {
    private Noise noise = Noise.DEFAULT;
    private Schedule schedule;
    private Start start = Start.NOISE;
    private Keep keep;
    private ClampMode clamp = ClampMode.EACH_STEP;
    private Tiling tiling = Tiling.AUTO;
    private DecodeListener listener = DecodeListener.NONE;
    private Cancellation cancellation = Cancellation.NEVER;

    private Builder() {}

    /**
     * One PyTorch CPU generator for the whole batch; short for {@code noise(Noise.seeded(seed))}.
     */
    public Builder seed(long seed) {
      return noise(Noise.seeded(seed));
    }

    /**
     * The caller's noise, one {@code [N, 3, H, W]} array a step, copied; short for {@code
     * noise(Noise.given(steps))}.
     */
    public Builder noise(List<float[]> steps) {
      return noise(Noise.given(steps));
    }

    /** Where the noise comes from. */
    public Builder noise(Noise noise) {
      this.noise = requireNonNull(noise, "noise");
      return this;
    }

    /** The timesteps. */
    public Builder schedule(Schedule schedule) {
      this.schedule = requireNonNull(schedule, "schedule");
      return this;
    }

    /**
     * The picture that the first evaluation starts from. With one, and without a schedule of its
     * own, the schedule is {@link Schedule#WARM}.
     */
    public Builder start(Start start) {
      this.start = requireNonNull(start, "start");
      return this;
    }

    /** Pixels that are known. */
    public Builder keep(Keep keep) {
      this.keep = requireNonNull(keep, "keep");
      return this;
    }

    /** What happens between the steps. */
    public Builder clamp(ClampMode clamp) {
      this.clamp = requireNonNull(clamp, "clamp");
      return this;
    }

    /** Whether and how a large picture may be divided. */
    public Builder tiling(Tiling tiling) {
      this.tiling = requireNonNull(tiling, "tiling");
      return this;
    }

    /** Who is told of progress. */
    public Builder listener(DecodeListener listener) {
      this.listener = requireNonNull(listener, "listener");
      return this;
    }

    /** What stops the decode. */
    public Builder cancellation(Cancellation cancellation) {
      this.cancellation = requireNonNull(cancellation, "cancellation");
      return this;
    }

    private Schedule effectiveSchedule() {
      if (schedule != null) {
        return schedule;
      }
      return start instanceof Start.FromNoise ? Schedule.TWO_STEPS : Schedule.WARM;
    }

    /**
     * @throws IllegalArgumentException if there is given noise for another number of steps than the
     *     schedule has
     */
    public DecodeOptions build() {
      Schedule schedule = effectiveSchedule();
      if (noise instanceof Noise.Given given && given.steps() != schedule.timesteps().size()) {
        throw new IllegalArgumentException(
            "noise for %s steps was given, the schedule %s has %s"
                .formatted(given.steps(), schedule, schedule.timesteps().size()));
      }
      return new DecodeOptions(this);
    }
  }
}
