package io.github.consistencydecoder.core.tiles;

import io.github.consistencydecoder.core.runtime.SharedNormSteps;
import io.github.consistencydecoder.core.sampler.StepEvaluator;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.Latents;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * One step of the consistency decoder in overlapping tiles, with the memory of one tile; one
 * picture and one tile after the other.
 *
 * <p>The norms' statistics are those of samples of the whole picture, many small areas put together
 * to the size of a tile, and the same for all tiles. So a tile differs from its part of the whole
 * picture only by what the network sees beyond the tile's edge, and there the neighbour has the
 * greater share.
 *
 * @param steps opened when it is first evaluated: a plan may be made just to tell its cost;
 *     borrowed
 * @param plan of pictures of the size
 */
public record Tiles(Supplier<SharedNormSteps> steps, TilePlan plan) implements StepEvaluator {
  @Override
  public void evaluate(StepInputs in, float[] noisy, float[] image, Cancellation cancellation) {
    TileAxis rows = new TileAxis(in.height(), plan.tile(), plan.overlap());
    TileAxis columns = new TileAxis(in.width(), plan.tile(), plan.overlap());
    Arrays.fill(image, 0);
    try {
      for (int picture = 0; picture < in.batch(); picture++) {
        float[] statistics = statistics(in, picture, noisy, rows, columns, cancellation);
        steps.get().giveBack();
        float[] norms = steps.get().fold(in.conditioning(), statistics);
        tiles(in, norms, picture, rows, columns, noisy, image, cancellation);
      }
    } finally {
      steps.get().giveBack();
    }
  }

  private void tiles(
      StepInputs in,
      float[] norms,
      int picture,
      TileAxis rows,
      TileAxis columns,
      float[] noisy,
      float[] image,
      Cancellation cancellation) {
    for (int row = 0; row < rows.count(); row++) {
      for (int column = 0; column < columns.count(); column++) {
        Patch tile = new Patch(rows.tile(row), columns.tile(column));
        float[] part = tile.pixels(in, picture, noisy);
        // The tile's noisy pixels have been copied for the runtime when its result is written.
        steps.get().evaluate(tile.inputs(in, picture, norms), part, part, cancellation);
        int first = Latents.PIXELS_PER_CELL * columns.start(column);
        blend(part, rows, row, columns.shares(column), image, picture, in, first);
      }
    }
  }

  private float[] statistics(
      StepInputs in,
      int picture,
      float[] noisy,
      TileAxis rows,
      TileAxis columns,
      Cancellation cancellation) {
    int areas = rows.runs(TilePlan.RUN) * columns.runs(TilePlan.RUN);
    int count = TilePlan.samples(rows.count() * columns.count(), areas);
    PooledStatistics pooled = new PooledStatistics(steps.get().groups());
    for (int i = 0; i < count; i++) {
      Patch sample =
          new Patch(rows.sample(TilePlan.RUN, i, count), columns.sample(TilePlan.RUN, i, count));
      pooled.add(
          steps
              .get()
              .measure(
                  sample.inputs(in, picture, in.conditioning()),
                  sample.pixels(in, picture, noisy),
                  cancellation));
    }
    return pooled.pooled();
  }

  private static void blend(
      float[] part,
      TileAxis rows,
      int row,
      float[] across,
      float[] image,
      int picture,
      StepInputs in,
      int first) {
    int side = Latents.PIXELS_PER_CELL;
    int width = side * in.width();
    float[] down = rows.shares(row);
    int at = 0;
    for (int c = 0; c < 3; c++) {
      int plane = (picture * 3 + c) * side * in.height() * width;
      for (int y = 0; y < down.length; y++) {
        int line = plane + (side * rows.start(row) + y) * width + first;
        for (int x = 0; x < across.length; x++) {
          image[line + x] += part[at++] * down[y] * across[x];
        }
      }
    }
  }

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

  /**
   * The statistics of several samples of one size as those of all their values together: the mean
   * of the means, and the mean variance plus the variance of the means.
   */
  static final class PooledStatistics {
    private final int groups;
    private int count;
    private double[] sums;
    private double[] squares;

    /**
     * @param groups of every norm
     */
    PooledStatistics(int groups) {
      this.groups = groups;
    }

    /**
     * Adds a sample.
     *
     * @param statistics for each norm the mean of each group, then the biased variance of each
     */
    void add(float[] statistics) {
      if (count == 0) {
        sums = new double[statistics.length];
        squares = new double[statistics.length];
      }
      count++;
      for (int i = 0; i < statistics.length; i++) {
        // Welford's update: the difference from the old mean times that from the new one.
        double difference = statistics[i] - sums[i] / Math.max(1, count - 1);
        sums[i] += statistics[i];
        squares[i] += difference * (statistics[i] - sums[i] / count);
      }
    }

    /** Mean and variance of all samples together, in the same order. */
    float[] pooled() {
      float[] pooled = new float[sums.length];
      for (int norm = 0; norm < sums.length; norm += 2 * groups) {
        for (int mean = norm; mean < norm + groups; mean++) {
          int variance = mean + groups;
          pooled[mean] = (float) (sums[mean] / count);
          pooled[variance] = (float) ((sums[variance] + squares[mean]) / count);
        }
      }
      return pooled;
    }
  }
}
