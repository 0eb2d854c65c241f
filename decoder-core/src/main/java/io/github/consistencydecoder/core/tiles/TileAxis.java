package io.github.consistencydecoder.core.tiles;

import io.github.consistencydecoder.plugin.Latents;

/**
 * Overlapping tiles of one length along one side of a picture, spread evenly, and the share that
 * each has in every pixel's value: raised cosines over the overlaps, 1 in sum.
 */
final class TileAxis {
  /** Convolutions in Winograd's form make 4 by 4 values at half the tile's resolution. */
  private static final int EVEN = 2;

  private final int cells;
  private final int length;
  private final int[] starts;
  private final float[][] shares;

  /**
   * Places the tiles.
   *
   * @param cells of the picture
   * @param tile cells of a tile at most; a shorter picture has one tile of its own length
   * @param overlap cells that neighbouring tiles share at least, less than {@code tile}
   */
  TileAxis(int cells, int tile, int overlap) {
    this.cells = cells;
    this.length = length(cells, tile, overlap);
    this.starts = new int[count(cells, tile, overlap)];
    for (int i = 1; i < starts.length; i++) {
      starts[i] = (int) Math.round((double) i * (cells - length) / (starts.length - 1));
    }
    this.shares = shares();
  }

  private static int count(int cells, int tile, int overlap) {
    return cells <= tile ? 1 : ceil(cells - overlap, tile - overlap);
  }

  /** Cells that a tile needs, if as many as are needed share the picture evenly. */
  static int length(int cells, int tile, int overlap) {
    int count = count(cells, tile, overlap);
    int even = ceil(cells + (count - 1) * overlap, EVEN * count) * EVEN;
    return count == 1 ? cells : Math.min(even, tile);
  }

  private static int ceil(int a, int b) {
    return (a + b - 1) / b;
  }

  private float[][] shares() {
    int pixels = Latents.PIXELS_PER_CELL * length;
    double[][] weights = new double[starts.length][pixels];
    double[] sums = new double[Latents.PIXELS_PER_CELL * cells];
    for (int t = 0; t < starts.length; t++) {
      for (int p = 0; p < pixels; p++) {
        weights[t][p] = weight(t, p);
        sums[Latents.PIXELS_PER_CELL * starts[t] + p] += weights[t][p];
      }
    }
    float[][] shares = new float[starts.length][pixels];
    for (int t = 0; t < starts.length; t++) {
      for (int p = 0; p < pixels; p++) {
        shares[t][p] = (float) (weights[t][p] / sums[Latents.PIXELS_PER_CELL * starts[t] + p]);
      }
    }
    return shares;
  }

  private double weight(int tile, int pixel) {
    double weight = 1;
    if (tile > 0) {
      weight *= rise(pixel, overlap(tile - 1));
    }
    if (tile + 1 < starts.length) {
      weight *= rise(Latents.PIXELS_PER_CELL * length - 1 - pixel, overlap(tile));
    }
    return weight;
  }

  /** Pixels that a tile shares with the next one. */
  private int overlap(int tile) {
    return Latents.PIXELS_PER_CELL * (starts[tile] + length - starts[tile + 1]);
  }

  private static double rise(int pixel, int overlap) {
    double sine = pixel < overlap ? Math.sin((pixel + 0.5) / overlap * Math.PI / 2) : 1;
    return sine * sine;
  }

  int count() {
    return starts.length;
  }

  /** Cells of a tile. */
  int length() {
    return length;
  }

  /** First cell of a tile. */
  int start(int tile) {
    return starts[tile];
  }

  /** Share of a tile in each of its pixels, {@code (0, 1]}; not to be changed. */
  float[] shares(int tile) {
    return shares[tile];
  }

  /** The picture's cells that a tile has, in order. */
  int[] tile(int tile) {
    int[] all = new int[length];
    for (int i = 0; i < length; i++) {
      all[i] = starts[tile] + i;
    }
    return all;
  }

  /** Runs of a sample. */
  int runs(int run) {
    return Math.max(1, length / run);
  }

  /**
   * As many cells as a tile has, in short runs spread evenly over the whole side: those of the
   * {@code index}-th of {@code count} samples, which differ in where the runs begin.
   *
   * @param run cells of a run, at least
   */
  int[] sample(int run, int index, int count) {
    int runs = runs(run);
    int[] all = new int[length];
    for (int r = 0; r < runs; r++) {
      int first = r * length / runs;
      int end = (r + 1) * length / runs;
      double part = (double) cells / runs;
      double room = part - (end - first);
      double place = part * (index + 0.5) / count - (end - first) / 2.0;
      int start = (int) Math.round(r * part + Math.max(0, Math.min(place, room)));
      start = Math.min(start, cells - (end - first));
      for (int i = first; i < end; i++) {
        all[i] = start + i - first;
      }
    }
    return all;
  }
}
