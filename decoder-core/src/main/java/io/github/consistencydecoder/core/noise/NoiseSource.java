package io.github.consistencydecoder.core.noise;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.core.keep.Region;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * The noise of one decode: a standard-normal tensor {@code [N, 3, H, W] float32, row-major} per
 * step, drawn in the order of the steps. Not for use by several threads.
 */
public final class NoiseSource {
  private final int batch;
  private final int height;
  private final int width;
  private final Noise.Given given;
  private final List<TorchCpuGenerator> generators;

  /** Pictures that are drawn for; the others get the first one's noise. */
  private final int fields;

  private final Region region;
  private int step;

  private NoiseSource(
      int batch,
      int height,
      int width,
      Noise.Given given,
      List<TorchCpuGenerator> generators,
      int fields,
      Region region) {
    this.batch = batch;
    this.height = height;
    this.width = width;
    this.given = given;
    this.generators = generators;
    this.fields = fields;
    this.region = region;
  }

  /**
   * A source at its first step. Given noise is checked here, all steps of it, so that a mistake
   * costs no evaluation.
   *
   * @param noise borrowed; immutable
   * @param batch N
   * @param height H, in pixels
   * @param width W, in pixels
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} if there is not one seed per
   *     image, or if given noise has another length or values that are not finite
   */
  public static NoiseSource of(Noise noise, int batch, int height, int width) {
    requireNonNull(noise, "noise");
    if (batch < 1
        || height < 1
        || width < 1
        || (double) batch * 3 * height * width > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "noise cannot have the shape " + shape(batch, height, width));
    }
    if (noise instanceof Noise.Given given) {
      check(given, batch, height, width);
      return new NoiseSource(batch, height, width, given, List.of(), batch, null);
    }
    if (noise instanceof Noise.SeededPerImage perImage) {
      if (perImage.seeds().size() != batch) {
        throw invalid(
            "%s seeds for %s images: one seed per image is needed"
                .formatted(perImage.seeds().size(), batch));
      }
      return new NoiseSource(
          batch,
          height,
          width,
          null,
          perImage.seeds().stream().map(TorchCpuGenerator::new).toList(),
          batch,
          null);
    }
    long seed =
        noise instanceof Noise.Shared shared ? shared.seed() : ((Noise.Seeded) noise).seed();
    int fields = noise instanceof Noise.Shared ? 1 : batch;
    return new NoiseSource(
        batch, height, width, null, List.of(new TorchCpuGenerator(seed)), fields, null);
  }

  /**
   * The same noise inside a rectangle: the picture's is drawn and cut, so that no value depends on
   * the rectangle. Takes the place of this source.
   *
   * @param region in cells; {@code [N, 3, 8h, 8w]} of it are given each step
   */
  public NoiseSource within(Region region) {
    return new NoiseSource(batch, height, width, given, generators, fields, region);
  }

  /** Draws one step and drops it, if the noise is drawn and not given. */
  public void skip() {
    if (given == null) {
      draw(new float[batch * 3 * height * width]);
    }
  }

  /** {@code N * 3 * H * W}, the values of one step. */
  public int size() {
    return region == null
        ? batch * 3 * height * width
        : batch
            * 3
            * region.height()
            * region.width()
            * Latents.PIXELS_PER_CELL
            * Latents.PIXELS_PER_CELL;
  }

  /**
   * The noise of the next step.
   *
   * @param dst {@code [N, 3, H, W]}, overwritten
   * @throws IllegalStateException if given noise is used up
   */
  public void next(float[] dst) {
    if (dst.length != size()) {
      throw new IllegalArgumentException(
          "the noise has " + size() + " values, the array " + dst.length);
    }
    if (region == null) {
      draw(dst);
    } else {
      float[] all = new float[batch * 3 * height * width];
      draw(all);
      int cells = width / Latents.PIXELS_PER_CELL;
      region.cut(FloatBuffer.wrap(all), cells, batch * 3, Latents.PIXELS_PER_CELL, dst);
    }
  }

  private void draw(float[] dst) {
    if (given != null) {
      if (step == given.steps()) {
        throw new IllegalStateException("noise for " + step + " steps was given and used");
      }
      given.step(step).get(dst);
    } else {
      int drawn = dst.length / batch * fields;
      int each = drawn / generators.size();
      for (int k = 0; k < generators.size(); k++) {
        generators.get(k).normal(dst, k * each, each);
      }
      for (int k = drawn; k < dst.length; k += drawn) {
        System.arraycopy(dst, 0, dst, k, drawn);
      }
    }
    step++;
  }

  private static void check(Noise.Given given, int batch, int height, int width) {
    int size = batch * 3 * height * width;
    for (int k = 0; k < given.steps(); k++) {
      FloatBuffer values = given.step(k);
      if (values.remaining() != size) {
        throw invalid(
            "the noise given for step %s has %s values, %s needs %s"
                .formatted(k, values.remaining(), shape(batch, height, width), size));
      }
      for (int i = 0; i < size; i++) {
        float v = values.get(i);
        if (!Float.isFinite(v)) {
          throw invalid("the noise given for step " + k + " has the value " + v + " at index " + i);
        }
      }
    }
  }

  private static String shape(int batch, int height, int width) {
    return "[" + batch + ", 3, " + height + ", " + width + "]";
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_OPTIONS, message);
  }
}
