package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.Region;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds where pictures differ most: the squares with the greatest mean difference, one after the
 * other, none overlapping another. The difference at a pixel is the largest between any two of the
 * pictures, summed over the channels.
 */
public final class CropFinder {
  private CropFinder() {}

  /** A quarter of the shorter side, 32 to 128 pixels, but no more than the shorter side itself. */
  public static int sideFor(int width, int height) {
    int shorter = Math.min(width, height);
    return Math.min(shorter, Math.min(128, Math.max(32, shorter / 4)));
  }

  /**
   * @param pictures two or more of one size; borrowed
   * @param count how many squares at most
   * @param side of a square
   * @return fewer than {@code count} where there is no more room or no more difference
   */
  public static List<Region> find(List<Picture> pictures, int count, int side) {
    Picture first = pictures.get(0);
    int w = first.width();
    int h = first.height();
    List<Region> found = new ArrayList<>();
    if (side < 1 || side > Math.min(w, h)) {
      return found;
    }
    long[] sums = integral(differences(pictures), w, h);
    while (found.size() < count) {
      Region best = best(sums, w, h, side, found);
      if (best == null) {
        break;
      }
      found.add(best);
    }
    return found;
  }

  private static int[] differences(List<Picture> pictures) {
    List<byte[]> levels = pictures.stream().map(Picture::rgb).toList();
    int n = levels.get(0).length / 3;
    int[] out = new int[n];
    for (int a = 0; a < levels.size(); a++) {
      for (int b = a + 1; b < levels.size(); b++) {
        byte[] p = levels.get(a);
        byte[] q = levels.get(b);
        for (int i = 0; i < n; i++) {
          int sum = 0;
          for (int c = 3 * i; c < 3 * i + 3; c++) {
            sum += Math.abs((p[c] & 0xff) - (q[c] & 0xff));
          }
          out[i] = Math.max(out[i], sum);
        }
      }
    }
    return out;
  }

  /** {@code [H + 1, W + 1]}: the sum over all pixels above and to the left. */
  private static long[] integral(int[] values, int w, int h) {
    long[] sums = new long[(w + 1) * (h + 1)];
    for (int y = 0; y < h; y++) {
      long row = 0;
      for (int x = 0; x < w; x++) {
        row += values[y * w + x];
        sums[(y + 1) * (w + 1) + x + 1] = sums[y * (w + 1) + x + 1] + row;
      }
    }
    return sums;
  }

  /** The first of the best in reading order; null if there is no difference in what is left. */
  private static Region best(long[] sums, int w, int h, int side, List<Region> taken) {
    long most = 0;
    int bestX = -1;
    int bestY = -1;
    for (int y = 0; y + side <= h; y++) {
      for (int x = 0; x + side <= w; x++) {
        int top = y * (w + 1) + x;
        int bottom = top + side * (w + 1);
        long sum = sums[bottom + side] - sums[bottom] - sums[top + side] + sums[top];
        if (sum > most && isFree(x, y, side, taken)) {
          most = sum;
          bestX = x;
          bestY = y;
        }
      }
    }
    return bestX < 0 ? null : new Region(bestX, bestY, side, side);
  }

  private static boolean isFree(int x, int y, int side, List<Region> taken) {
    for (Region region : taken) {
      if (x < region.x() + region.width()
          && region.x() < x + side
          && y < region.y() + region.height()
          && region.y() < y + side) {
        return false;
      }
    }
    return true;
  }
}
