package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.nio.FloatBuffer;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A batch of pictures, {@code [N, 3, H, W] float32, row-major, RGB}, nominally in {@code [-1, 1]}.
 * With {@link ClampMode#NONE} values may leave that range.
 *
 * <p>Immutable and independent of the decoder that made it.
 */
public final class Pixels {
  /** How a value is turned into a byte. */
  public enum Rounding {
    /**
     * {@code round_half_even(clamp(v / 2 + 0.5, 0, 1) * 255)}: what diffusers' image processor
     * does. The default.
     */
    NEAREST,

    /**
     * {@code (byte) clamp((v + 1) * 127.5, 0, 255)}: what OpenAI's script does; half a level darker
     * on average.
     */
    TRUNCATE
  }

  /** The smallest value from {@code k / 127.5 - 1} on that {@link #rgb8} turns into k. */
  private static final float[] VALUES = new float[256];

  static {
    for (int k = 0; k < VALUES.length; k++) {
      float v = (float) (k / 127.5 - 1);
      while (level(v, Rounding.TRUNCATE) < k) {
        v = Math.nextUp(v);
      }
      VALUES[k] = v;
    }
  }

  private final int batch;
  private final int height;
  private final int width;
  private final float[] values;

  private Pixels(int batch, int height, int width, float[] values) {
    this.batch = batch;
    this.height = height;
    this.width = width;
    this.values = values;
  }

  /**
   * @param values {@code [N, 3, H, W]}, row-major; taken over, not copied: the caller must not
   *     change it afterwards
   */
  public static Pixels takeOver(float[] values, int batch, int height, int width) {
    requireNonNull(values, "values");
    if (batch < 1
        || height < 1
        || width < 1
        || (long) batch * 3 * height * width != values.length) {
      throw new IllegalArgumentException(
          "pixels [%s, 3, %s, %s] do not have %s values"
              .formatted(batch, height, width, values.length));
    }
    return new Pixels(batch, height, width, values);
  }

  /**
   * Pictures of bytes. {@link #rgb8} gives the same bytes back, with either rounding.
   *
   * @param rgb {@code [N, H, W, 3] uint8}, row-major; borrowed
   * @throws IllegalArgumentException if the length is not {@code N * H * W * 3} or a size is below
   *     1
   */
  public static Pixels ofRgb8(byte[] rgb, int batch, int height, int width) {
    float[] values = new float[requireNonNull(rgb, "rgb").length];
    Pixels pixels = takeOver(values, batch, height, width);
    int plane = height * width;
    for (int n = 0; n < batch; n++) {
      for (int i = 0; i < plane; i++) {
        for (int c = 0; c < 3; c++) {
          values[(n * 3 + c) * plane + i] = VALUES[rgb[(n * plane + i) * 3 + c] & 0xFF];
        }
      }
    }
    return pixels;
  }

  /** N, the number of pictures. */
  public int batch() {
    return batch;
  }

  /** H, rows of a picture. */
  public int height() {
    return height;
  }

  /** W, columns of a picture. */
  public int width() {
    return width;
  }

  /** A read-only buffer over all values, {@code [N, 3, H, W]} row-major. */
  public FloatBuffer values() {
    return FloatBuffer.wrap(values).asReadOnlyBuffer();
  }

  /** Index into {@link #values} of the first one that is NaN or infinite, if there is one. */
  public OptionalInt firstNotFinite() {
    return IntStream.range(0, values.length).filter(i -> !Float.isFinite(values[i])).findFirst();
  }

  /**
   * One picture as bytes.
   *
   * @param index {@code 0 .. batch() - 1}
   * @return {@code [H, W, 3] uint8, RGB}, a new array
   */
  public byte[] rgb8(int index, Rounding rounding) {
    if (index < 0 || index >= batch) {
      throw new IllegalArgumentException("index " + index + " is outside a batch of " + batch);
    }
    requireNonNull(rounding, "rounding");
    int plane = height * width;
    int base = index * 3 * plane;
    byte[] out = new byte[3 * plane];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < plane; i++) {
        out[3 * i + c] = (byte) level(values[base + c * plane + i], rounding);
      }
    }
    return out;
  }

  private static int level(float v, Rounding rounding) {
    return switch (rounding) {
      case NEAREST -> (int) Math.rint(Math.min(Math.max(v * 0.5f + 0.5f, 0f), 1f) * 255f);
      case TRUNCATE -> (int) Math.min(Math.max((v + 1f) * 127.5f, 0f), 255f);
    };
  }

  @Override
  public String toString() {
    return "Pixels[" + batch + ", 3, " + height + ", " + width + "]";
  }
}
