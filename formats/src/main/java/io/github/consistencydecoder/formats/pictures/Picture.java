package io.github.consistencydecoder.formats.pictures;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.plugin.Pixels;
import java.util.Arrays;

/** A picture, {@code [H, W, 3] uint8, RGB} in sRGB. Immutable. */
public final class Picture {
  private final int width;
  private final int height;
  private final byte[] rgb;

  private Picture(int width, int height, byte[] rgb) {
    this.width = width;
    this.height = height;
    this.rgb = rgb;
  }

  /**
   * @param rgb {@code [H, W, 3]}, row-major; copied
   */
  public static Picture of(int width, int height, byte[] rgb) {
    return takeOver(width, height, rgb.clone());
  }

  /**
   * @param rgb {@code [H, W, 3]}, row-major; taken over, not copied: the caller must not change it
   *     afterwards
   */
  public static Picture takeOver(int width, int height, byte[] rgb) {
    requireNonNull(rgb, "rgb");
    if (width < 1 || height < 1 || 3L * width * height != rgb.length) {
      throw new IllegalArgumentException(
          "a picture of " + width + "x" + height + " does not have " + rgb.length + " bytes");
    }
    return new Picture(width, height, rgb);
  }

  /**
   * One picture of a batch of decoded ones, rounded to the nearest level.
   *
   * @param pixels borrowed
   * @param index {@code 0 .. pixels.batch() - 1}
   */
  public static Picture of(Pixels pixels, int index) {
    return new Picture(
        pixels.width(), pixels.height(), pixels.rgb8(index, Pixels.Rounding.NEAREST));
  }

  /** W, columns. */
  public int width() {
    return width;
  }

  /** H, rows. */
  public int height() {
    return height;
  }

  /**
   * One value.
   *
   * @param channel 0 red, 1 green, 2 blue
   * @return {@code 0 .. 255}
   */
  public int level(int x, int y, int channel) {
    return rgb[3 * (y * width + x) + channel] & 0xff;
  }

  /** {@code [H, W, 3] uint8, RGB}, a new array. */
  public byte[] rgb() {
    return rgb.clone();
  }

  /** The array itself, not to be changed. */
  byte[] levels() {
    return rgb;
  }

  /**
   * One channel.
   *
   * @param channel 0 red, 1 green, 2 blue
   * @return {@code [H, W]} in {@code 0 .. 255}, a new array
   */
  public float[] plane(int channel) {
    float[] plane = new float[width * height];
    for (int i = 0; i < plane.length; i++) {
      plane[i] = rgb[3 * i + channel] & 0xff;
    }
    return plane;
  }

  /** The same as a batch of one in {@code [-1, 1]}: {@code v / 127.5 - 1}. */
  public Pixels toPixels() {
    int plane = width * height;
    float[] values = new float[3 * plane];
    for (int i = 0; i < plane; i++) {
      for (int c = 0; c < 3; c++) {
        values[c * plane + i] = (rgb[3 * i + c] & 0xff) / 127.5f - 1f;
      }
    }
    return Pixels.takeOver(values, 1, height, width);
  }

  /**
   * A part of it.
   *
   * @throws IllegalArgumentException if the region is not inside the picture
   */
  public Picture crop(Region region) {
    if (!region.isInside(width, height)) {
      throw new IllegalArgumentException(
          "region " + region + " leaves the picture of " + width + "x" + height);
    }
    byte[] out = new byte[3 * region.width() * region.height()];
    for (int row = 0; row < region.height(); row++) {
      System.arraycopy(
          rgb,
          3 * ((region.y() + row) * width + region.x()),
          out,
          3 * row * region.width(),
          3 * region.width());
    }
    return new Picture(region.width(), region.height(), out);
  }

  /** Whether both have the same number of rows and columns. */
  public boolean sameSizeAs(Picture other) {
    return width == other.width && height == other.height;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Picture other && sameSizeAs(other) && Arrays.equals(rgb, other.rgb);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * width + height) + Arrays.hashCode(rgb);
  }

  @Override
  public String toString() {
    return "Picture[" + width + "x" + height + "]";
  }
}
