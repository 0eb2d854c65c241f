package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The source of a decode's noise: one standard-normal tensor {@code [N, 3, H, W]} per step of the
 * schedule, drawn in the order of the steps.
 */
public sealed interface Noise
    permits Noise.Seeded, Noise.SeededPerImage, Noise.Shared, Noise.Given {
  /** One generator for the whole batch, seeded with 0. */
  Noise DEFAULT = new Seeded(0);

  /** One generator for the whole batch. */
  static Noise seeded(long seed) {
    return new Seeded(seed);
  }

  /** One generator per image, so that a batch equals the single decodes. */
  static Noise seededPerImage(List<Long> seeds) {
    return new SeededPerImage(seeds);
  }

  /** One field for all pictures of a batch, and for all batches of the same size. */
  static Noise shared(long seed) {
    return new Shared(seed);
  }

  /** The caller's own noise. */
  static Noise given(List<float[]> steps) {
    return new Given(steps);
  }

  /**
   * PyTorch's CPU generator, seeded once, drawing float32 tensors for the whole batch. Image k of a
   * batch is not the picture that the same seed gives alone.
   *
   * @param seed any value; PyTorch's CPU generator uses the low 32 bits
   */
  record Seeded(long seed) implements Noise {
    @Override
    public String toString() {
      return Long.toString(seed);
    }
  }

  /**
   * One PyTorch CPU generator per image, each drawing {@code [1, 3, H, W]} a step; diffusers' "list
   * of generators".
   *
   * @param seeds as many as the batch has images
   */
  record SeededPerImage(List<Long> seeds) implements Noise {
    public SeededPerImage {
      seeds = List.copyOf(seeds);
      if (seeds.isEmpty()) {
        throw new IllegalArgumentException("one seed per image is needed, none was given");
      }
    }

    @Override
    public String toString() {
      return seeds.stream().map(String::valueOf).collect(java.util.stream.Collectors.joining(","));
    }
  }

  /**
   * One PyTorch CPU generator that draws {@code [1, 3, H, W]} a step for all pictures. Frames of
   * equal latents become equal pictures, in whatever batches they are decoded.
   *
   * @param seed any value; PyTorch's CPU generator uses the low 32 bits
   */
  record Shared(long seed) implements Noise {
    @Override
    public String toString() {
      return seed + " shared";
    }
  }

  /** The caller's own noise; immutable, copied when made. */
  final class Given implements Noise {
    private final List<float[]> steps;

    /**
     * @param steps one {@code [N, 3, H, W]} row-major array per step of the schedule; copied
     */
    public Given(List<float[]> steps) {
      requireNonNull(steps, "steps");
      if (steps.isEmpty()) {
        throw new IllegalArgumentException("one noise tensor per step is needed, none was given");
      }
      List<float[]> copies = new ArrayList<>(steps.size());
      for (float[] step : steps) {
        copies.add(step.clone());
      }
      this.steps = List.copyOf(copies);
    }

    /** How many steps there is noise for. */
    public int steps() {
      return steps.size();
    }

    /** A read-only buffer over the noise of one step, {@code [N, 3, H, W]} row-major. */
    public FloatBuffer step(int index) {
      return FloatBuffer.wrap(steps.get(index)).asReadOnlyBuffer();
    }

    @Override
    public String toString() {
      return "given";
    }
  }
}
