package io.github.consistencydecoder.core.tiles;

import java.util.Set;
import java.util.TreeSet;

/**
 * How visible the borders of tiles are: the mean absolute difference between the pixel rows on both
 * sides of a border over the same between all other neighbouring rows, relative to this ratio in
 * the picture that was not divided. The greater one of rows and columns.
 *
 * <p>Borders are where a tile begins, where one ends, and the middle of each overlap.
 */
final class SeamRatio {
  private SeamRatio() {}

  /**
   * @param tiled {@code [1, 3, height, width]}
   * @param whole the same picture, not divided
   */
  static double of(
      float[] tiled, float[] whole, int height, int width, TileAxis rows, TileAxis columns) {
    double down =
        excess(tiled, whole, 3 * width, height, rows, (row, i) -> at(row, i, height, width));
    double across =
        excess(tiled, whole, 3 * height, width, columns, (column, i) -> i * width + column);
    return Math.max(down, across);
  }

  /** Where the {@code i}-th of the values of a line is. */
  private interface Place {
    int of(int line, int i);
  }

  private static int at(int row, int i, int height, int width) {
    return (i / width * height + row) * width + i % width;
  }

  private static double excess(
      float[] tiled, float[] whole, int values, int lines, TileAxis axis, Place place) {
    Set<Integer> borders = borders(axis, lines);
    return borders.isEmpty()
        ? 0
        : ratio(tiled, values, lines, borders, place) / ratio(whole, values, lines, borders, place);
  }

  private static Set<Integer> borders(TileAxis axis, int lines) {
    Set<Integer> borders = new TreeSet<>();
    for (int t = 0; t < axis.count(); t++) {
      int start = 8 * axis.start(t);
      borders.add(start);
      borders.add(start + 8 * axis.length());
      if (t > 0) {
        borders.add((start + 8 * (axis.start(t - 1) + axis.length())) / 2);
      }
    }
    borders.remove(0);
    borders.remove(lines);
    return borders;
  }

  private static double ratio(
      float[] picture, int values, int lines, Set<Integer> borders, Place place) {
    double atBorders = 0;
    double elsewhere = 0;
    for (int line = 1; line < lines; line++) {
      double sum = 0;
      for (int i = 0; i < values; i++) {
        sum += Math.abs(picture[place.of(line, i)] - picture[place.of(line - 1, i)]);
      }
      if (borders.contains(line)) {
        atBorders += sum;
      } else {
        elsewhere += sum;
      }
    }
    return atBorders / borders.size() / (elsewhere / (lines - 1 - borders.size()));
  }
}
