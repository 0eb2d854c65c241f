package io.github.consistencydecoder.core.tiles;

import java.util.Optional;

/**
 * The division of a picture into overlapping tiles.
 *
 * @param tile side of a tile in cells at most; tiles are only as large as their number needs
 * @param overlap cells that neighbouring tiles share at least
 * @param peakBytes that an evaluation holds at most beyond the open networks and the whole pictures
 */
public record TilePlan(int tile, int overlap, long peakBytes) {
  /** Cells of one side of the small areas that the statistics are taken from. */
  static final int RUN = 8;

  /** Sides of tiles to choose from, in cells. */
  private static final int[] TILES = {128, 96, 64, 48, 32, 24};

  private static final int OVERLAP = 16;

  /**
   * Bytes a pixel of a tile has besides: three values in Java, in the runtime, and twice in the
   * result.
   */
  private static final long ARRAYS = 4L * 3 * Float.BYTES;

  /** Areas that statistics are taken from at least, as long as a sample costs little. */
  private static final int LEAST_AREAS = 36;

  /** Tiles for each sample in large pictures. */
  private static final int TILES_PER_SAMPLE = 16;

  /**
   * What the two sessions, their threads and the code that is compiled for them take the first
   * time; see docs/benchmarks.md.
   */
  private static final long SESSIONS = 120L << 20;

  /** What an evaluation of one picture of a size holds in the runtime at its peak. */
  @FunctionalInterface
  public interface Run {
    /**
     * Bytes, inputs and output included.
     *
     * @param height in cells
     * @param width in cells
     */
    long bytes(int height, int width);
  }

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if a tile would have nothing of its own
   */
  public TilePlan {
    if (overlap < 0 || tile <= overlap) {
      throw new IllegalArgumentException(
          "tiles of " + tile + " cells cannot share " + overlap + " with the next");
    }
  }

  /**
   * The largest tiles whose memory suffices.
   *
   * @param run of a tile; what measures the statistics takes as much
   * @param height of the picture in cells
   * @param width of the picture in cells
   * @param memoryBytes that an evaluation may take; see {@link #peakBytes}
   * @return empty if not even the smallest tiles fit
   */
  public static Optional<TilePlan> of(Run run, int height, int width, long memoryBytes) {
    for (int tile : TILES) {
      TilePlan plan = of(run, height, width, tile, Math.min(OVERLAP, tile / 3));
      if (plan.peakBytes <= memoryBytes) {
        return Optional.of(plan);
      }
    }
    return Optional.empty();
  }

  /** Tiles of a given size, whatever they need. */
  static TilePlan of(Run run, int height, int width, int tile, int overlap) {
    int rows = TileAxis.length(height, tile, overlap);
    int columns = TileAxis.length(width, tile, overlap);
    return new TilePlan(
        tile, overlap, SESSIONS + run.bytes(rows, columns) + ARRAYS * 64 * rows * columns);
  }

  /** Whether a picture is one tile. */
  public boolean isWhole(int height, int width) {
    return height <= tile && width <= tile;
  }

  /**
   * How many samples the statistics of a picture are taken from.
   *
   * @param tiles of the picture
   * @param areas of a sample
   */
  static int samples(int tiles, int areas) {
    int enough = (LEAST_AREAS + areas - 1) / areas;
    return tiles == 1
        ? 1
        : Math.max(1, Math.max(Math.min(enough, tiles / 4), tiles / TILES_PER_SAMPLE));
  }
}
