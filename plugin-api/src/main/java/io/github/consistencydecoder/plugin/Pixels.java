package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.nio.FloatBuffer;

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
          "pixels ["
              + batch
              + ", 3, "
              + height
              + ", "
              + width
              + "] do not have "
              + values.length
              + " values");
    }
    return new Pixels(batch, height, width, values);
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
