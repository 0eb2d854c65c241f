package io.github.consistencydecoder.core.tiles;

import io.github.consistencydecoder.core.runtime.GraphCache;
import io.github.consistencydecoder.core.runtime.NetworkRunner.StepInputs;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.SharedNormSteps;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.util.Arrays;

/**
 * Evaluates one step of the consistency decoder in overlapping tiles, with the memory of one tile.
 *
 * <p>The norms' statistics are those of samples of the whole picture, many small areas put together
 * to the size of a tile, and the same for all tiles. So a tile differs from its part of the whole
 * picture only by what the network sees beyond the tile's edge, and there the neighbour has the
 * greater share.
 *
 * <p>Owns the runtime's sessions. Safe for use by several threads. After {@link #close}, {@link
 * #evaluate} must not be called; closing again does nothing. The caller closes only when no
 * evaluation is running.
 */
public final class OverlappedStep implements AutoCloseable {
  private final SharedNormSteps steps;

  private OverlappedStep(SharedNormSteps steps) {
    this.steps = steps;
  }

  /**
   * Opens the networks, from the cache if possible.
   *
   * @param weights borrowed until this is closed
   * @param digest of the weights
   * @param type precision of the graphs
   */
  public static OverlappedStep open(
      GraphCache cache,
      ConsistencyWeights weights,
      String digest,
      ElementType type,
      SessionSettings settings)
      throws IOException {
    return new OverlappedStep(cache.openSharedNorms(weights, digest, type, settings));
  }

  /**
   * Evaluates the step, one picture and one tile after the other. Returns soon after {@code
   * cancellation} is thrown.
   *
   * @param in the whole pictures
   * @param noisy {@code [N, 3, 8h, 8w]}; borrowed
   * @param image {@code [N, 3, 8h, 8w]}; filled with the result, not clamped
   * @param plan of pictures of this size
   * @throws io.github.consistencydecoder.plugin.DecoderException as {@link
   *     io.github.consistencydecoder.core.runtime.NetworkRunner#evaluate}
   */
  public void evaluate(
      StepInputs in, float[] noisy, float[] image, TilePlan plan, Cancellation cancellation) {
    TileAxis rows = new TileAxis(in.height(), plan.tile(), plan.overlap());
    TileAxis columns = new TileAxis(in.width(), plan.tile(), plan.overlap());
    Arrays.fill(image, 0);
    try {
      for (int picture = 0; picture < in.batch(); picture++) {
        float[] statistics = statistics(in, picture, noisy, rows, columns, cancellation);
        steps.giveBack();
        float[] norms = steps.fold(in.conditioning(), statistics);
        tiles(in, norms, picture, rows, columns, noisy, image, cancellation);
      }
    } finally {
      steps.giveBack();
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
        steps.evaluate(tile.inputs(in, picture, norms), part, part, cancellation);
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
    PooledStatistics pooled = new PooledStatistics(steps.groups());
    for (int i = 0; i < count; i++) {
      Patch sample =
          new Patch(rows.sample(TilePlan.RUN, i, count), columns.sample(TilePlan.RUN, i, count));
      pooled.add(
          steps.measure(
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

  @Override
  public void close() {
    steps.close();
  }
}
