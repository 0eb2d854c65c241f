package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

/**
 * Marks the pixels of a batch that are made anew and those that are known: one flag a pixel, {@code
 * [N, H, W]} row-major. Immutable; safe for use by several threads.
 */
public final class Mask {
  private final int batch;
  private final int height;
  private final int width;
  private final boolean[] repaint;

  private Mask(int batch, int height, int width, boolean[] repaint) {
    this.batch = batch;
    this.height = height;
    this.width = width;
    this.repaint = repaint;
  }

  /**
   * A mask of flags.
   *
   * @param repaint {@code [N, H, W]} row-major, true where the pixel is made anew; copied
   * @throws IllegalArgumentException if the length is not {@code N * H * W} or a size is below 1
   */
  public static Mask of(boolean[] repaint, int batch, int height, int width) {
    check(requireNonNull(repaint, "repaint").length, batch, height, width);
    return new Mask(batch, height, width, repaint.clone());
  }

  /**
   * A mask of grey values: a pixel is made anew where its value is at least 0.5.
   *
   * @param values {@code [N, H, W]} row-major, nominally 0 (known) to 1 (made anew); borrowed
   * @throws IllegalArgumentException if the length is not {@code N * H * W}, a size is below 1, or
   *     a value is not finite
   */
  public static Mask threshold(float[] values, int batch, int height, int width) {
    check(requireNonNull(values, "values").length, batch, height, width);
    boolean[] repaint = new boolean[values.length];
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "the mask has the value " + values[i] + " at index " + i + "; values of 0 to 1 needed");
      }
      repaint[i] = values[i] >= 0.5f;
    }
    return new Mask(batch, height, width, repaint);
  }

  private static void check(int length, int batch, int height, int width) {
    if (batch < 1 || height < 1 || width < 1 || (long) batch * height * width != length) {
      throw new IllegalArgumentException(
          "a mask [%s, %s, %s] does not have %s values".formatted(batch, height, width, length));
    }
  }

  /** N, the number of masks. */
  public int batch() {
    return batch;
  }

  /** H, rows of a mask. */
  public int height() {
    return height;
  }

  /** W, columns of a mask. */
  public int width() {
    return width;
  }

  /** Whether the pixel {@code index = row * width() + column} of one mask is made anew. */
  public boolean repaints(int image, int index) {
    return repaint[image * height * width + index];
  }

  @Override
  public String toString() {
    return "Mask[" + batch + ", " + height + ", " + width + "]";
  }
}
