package io.github.consistencydecoder.core.tiles;

import io.github.consistencydecoder.core.runtime.NetworkRunner.StepInputs;
import io.github.consistencydecoder.plugin.Latents;

/**
 * A part of a picture: the cells where some of its rows and some of its columns meet, next to one
 * another.
 *
 * @param rows of cells, in the order that the part has them
 * @param columns of cells, in the order that the part has them
 */
record Patch(int[] rows, int[] columns) {
  /**
   * The part's share of a step's inputs, of one picture.
   *
   * @param picture which of the batch
   * @param conditioning of the part
   */
  StepInputs inputs(StepInputs in, int picture, float[] conditioning) {
    int channels = Latents.CHANNELS;
    float[] features = new float[channels * rows.length * columns.length];
    int at = 0;
    for (int c = 0; c < channels; c++) {
      int plane = (picture * channels + c) * in.height() * in.width();
      for (int row : rows) {
        for (int column : columns) {
          features[at++] = in.features()[plane + row * in.width() + column];
        }
      }
    }
    return new StepInputs(
        1, rows.length, columns.length, features, conditioning, in.coefficients());
  }

  /**
   * The part of one picture's pixels.
   *
   * @param pixels {@code [N, 3, 8h, 8w]} with h and w of {@code in}
   * @return {@code [1, 3, 8 rows, 8 columns]}
   */
  float[] pixels(StepInputs in, int picture, float[] pixels) {
    int side = Latents.PIXELS_PER_CELL;
    int width = side * in.width();
    float[] part = new float[3 * side * side * rows.length * columns.length];
    int at = 0;
    for (int c = 0; c < 3; c++) {
      int plane = (picture * 3 + c) * side * in.height() * width;
      for (int row : rows) {
        for (int y = 0; y < side; y++) {
          int line = plane + (side * row + y) * width;
          for (int column : columns) {
            System.arraycopy(pixels, line + side * column, part, at, side);
            at += side;
          }
        }
      }
    }
    return part;
  }
}
