package io.github.consistencydecoder.core.keep;

import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;

/**
 * A rectangle of cells in a picture.
 *
 * @param top first row
 * @param bottom row behind the last
 * @param left first column
 * @param right column behind the last
 */
public record Region(int top, int bottom, int left, int right) {
  /** All of a picture. */
  public static Region whole(int height, int width) {
    return new Region(0, height, 0, width);
  }

  /** Rows of cells. */
  public int height() {
    return bottom - top;
  }

  /** Columns of cells. */
  public int width() {
    return right - left;
  }

  /** {@code top,bottom,left,right}, in cells. */
  @Override
  public String toString() {
    return top + "," + bottom + "," + left + "," + right;
  }

  /** These latents inside the rectangle, a copy; {@code latents} itself where it is all of them. */
  public Latents of(Latents latents) {
    if (height() == latents.height() && width() == latents.width()) {
      return latents;
    }
    int planes = latents.batch() * Latents.CHANNELS;
    float[] out = new float[planes * height() * width()];
    cut(latents.values(), latents.width(), planes, 1, out);
    return Latents.of(latents.scale(), out, latents.batch(), Latents.CHANNELS, height(), width());
  }

  /**
   * The pixels of planes inside the rectangle.
   *
   * @param values {@code [planes, H, W]} of the whole picture, row-major; borrowed
   * @param cells columns of the whole picture, in cells
   * @param perCell values per side of a cell
   * @param out {@code [planes, height * perCell, width * perCell]}, overwritten
   */
  public void cut(FloatBuffer values, int cells, int planes, int perCell, float[] out) {
    int plane = values.limit() / planes;
    int row = width() * perCell;
    int target = 0;
    for (int p = 0; p < planes; p++) {
      for (int y = top * perCell; y < bottom * perCell; y++) {
        values.get(p * plane + y * cells * perCell + left * perCell, out, target, row);
        target += row;
      }
    }
  }
}
