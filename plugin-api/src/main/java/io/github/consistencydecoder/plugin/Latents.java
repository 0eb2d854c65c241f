package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A batch of Stable Diffusion 1.x latents, {@code [N, 4, h, w] float32, row-major}, that knows its
 * {@linkplain LatentScale scale}. The picture it stands for has {@code 8h x 8w} pixels.
 *
 * <p>Immutable; copies what it is given. Values are not judged here: a decoder refuses NaN and
 * infinity and warns of implausible {@linkplain #statistics() statistics}.
 */
public final class Latents {
  /** Channels of a Stable Diffusion 1.x latent. */
  public static final int CHANNELS = 4;

  /**
   * {@code scaled = SCALING_FACTOR * unscaled}, the {@code scaling_factor} of the SD 1.x VAE's
   * configuration.
   */
  public static final float SCALING_FACTOR = 0.18215f;

  /** Pixels a latent cell stands for, per side. */
  public static final int PIXELS_PER_CELL = 8;

  private final LatentScale scale;
  private final int batch;
  private final int height;
  private final int width;
  private final float[] values;

  /** Of the values; null until somebody asks. */
  private volatile LatentStatistics statistics;

  private Latents(LatentScale scale, int batch, int height, int width, float[] values) {
    this.scale = scale;
    this.batch = batch;
    this.height = height;
    this.width = width;
    this.values = values;
  }

  /**
   * Latents as the diffusion UNet leaves them.
   *
   * @param values {@code [N, 4, h, w]}, row-major; copied
   * @param shape {@code N, 4, h, w}
   * @throws DecoderException {@link DecoderErrorCode#INVALID_LATENTS} if the shape is not that of
   *     SD 1.x latents or does not fit
   */
  public static Latents scaled(float[] values, long... shape) {
    return of(LatentScale.SCALED, values, shape);
  }

  /**
   * Latents as a VAE encoder gives them.
   *
   * @param values {@code [N, 4, h, w]}, row-major; copied
   * @param shape {@code N, 4, h, w}
   * @throws DecoderException {@link DecoderErrorCode#INVALID_LATENTS} if the shape is not that of
   *     SD 1.x latents or does not fit
   */
  public static Latents unscaled(float[] values, long... shape) {
    return of(LatentScale.UNSCALED, values, shape);
  }

  /**
   * Latents of a scale known only at run time.
   *
   * @param scale which unit {@code values} are in
   * @param values {@code [N, 4, h, w]}, row-major; copied
   * @param shape {@code N, 4, h, w}
   * @throws DecoderException {@link DecoderErrorCode#INVALID_LATENTS} if the shape is not that of
   *     SD 1.x latents or does not fit
   */
  public static Latents of(LatentScale scale, float[] values, long... shape) {
    requireNonNull(scale, "scale");
    requireNonNull(values, "values");
    LatentShape.check(shape, values.length);
    return new Latents(scale, (int) shape[0], (int) shape[2], (int) shape[3], values.clone());
  }

  /** The unit of the values. */
  public LatentScale scale() {
    return scale;
  }

  /** N, the number of latents. */
  public int batch() {
    return batch;
  }

  /** h, rows of a latent; the picture has eight times as many. */
  public int height() {
    return height;
  }

  /** w, columns of a latent; the picture has eight times as many. */
  public int width() {
    return width;
  }

  /** {@code N * 4 * h * w}. */
  public int size() {
    return values.length;
  }

  /**
   * A read-only buffer over all values, {@code [N, 4, h, w]} row-major, in {@link #scale()}'s unit.
   */
  public FloatBuffer values() {
    return FloatBuffer.wrap(values).asReadOnlyBuffer();
  }

  /** The same latents in the unit asked for; {@code this} if they are in it already. */
  public Latents to(LatentScale wanted) {
    requireNonNull(wanted, "wanted");
    if (wanted == scale) {
      return this;
    }
    float[] out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] =
          wanted == LatentScale.SCALED ? values[i] * SCALING_FACTOR : values[i] / SCALING_FACTOR;
    }
    return new Latents(wanted, batch, height, width, out);
  }

  /** The same values under another name for their unit. */
  Latents taken(LatentScale as) {
    Latents taken = new Latents(as, batch, height, width, values);
    taken.statistics = statistics;
    return taken;
  }

  /**
   * One latent of the batch.
   *
   * @param index {@code 0 .. batch() - 1}
   */
  public Latents image(int index) {
    if (index < 0 || index >= batch) {
      throw new IllegalArgumentException("index " + index + " is outside a batch of " + batch);
    }
    int n = values.length / batch;
    return new Latents(
        scale, 1, height, width, java.util.Arrays.copyOfRange(values, index * n, (index + 1) * n));
  }

  /** Mean, spread and range over all values, and how many of them are not finite. */
  public LatentStatistics statistics() {
    LatentStatistics known = statistics;
    if (known == null) {
      known = LatentStatistics.of(values);
      statistics = known;
    }
    return known;
  }

  @Override
  public String toString() {
    return "Latents[%s, %s, %s, %s] %s"
        .formatted(batch, CHANNELS, height, width, scale.name().toLowerCase(java.util.Locale.ROOT));
  }

  /** The shape check of {@link Latents}, with a message for each way people get it wrong. */
  static final class LatentShape {
    private LatentShape() {}

    static void check(long[] shape, int values) {
      requireNonNull(shape, "shape");
      String found = "latents of shape " + Arrays.toString(shape);
      if (shape.length != 4) {
        throw invalid(found + ": 4 dimensions [N, 4, h, w] are needed");
      }
      for (long d : shape) {
        if (d < 1) {
          throw invalid(found + ": every dimension must be at least 1");
        }
      }
      if (shape[1] != Latents.CHANNELS) {
        throw invalid(found + ": 4 channels are needed" + family(shape));
      }
      long product = 1;
      for (long d : shape) {
        if (d > Integer.MAX_VALUE / product) {
          throw invalid(found + ": more than 2^31 - 1 values");
        }
        product *= d;
      }
      if (product != values) {
        throw invalid(found + " need " + product + " values, " + values + " were given");
      }
    }

    private static String family(long[] shape) {
      if (shape[1] == 16) {
        return "; 16 are those of Stable Diffusion 3 or Flux, which this decoder was not made for";
      }
      if (shape[1] == 3) {
        return "; 3 look like an image, not like latents: encode it first";
      }
      if (shape[3] == Latents.CHANNELS) {
        return "; the last dimension is 4: transpose [N, h, w, 4] to [N, 4, h, w]";
      }
      return "";
    }

    private static DecoderException invalid(String message) {
      return new DecoderException(DecoderErrorCode.INVALID_LATENTS, message);
    }
  }
}
