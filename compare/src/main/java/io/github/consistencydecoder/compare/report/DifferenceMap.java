package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.pictures.Picture;
import java.util.Collection;

/**
 * Where two pictures differ and how much: at each pixel the mean over the channels of {@code |a -
 * b|}, in thirds of a level.
 */
public final class DifferenceMap {
  private static final int[] SCALES = {8, 16, 32, 64, 128};
  private static final int LARGEST = 255;

  private final int width;
  private final int height;
  private final short[] thirds;

  private DifferenceMap(int width, int height, short[] thirds) {
    this.width = width;
    this.height = height;
    this.thirds = thirds;
  }

  /** The map between two pictures of one size. */
  public static DifferenceMap of(Picture a, Picture b) {
    if (!a.sameSizeAs(b)) {
      throw new IllegalArgumentException(a + " and " + b + " have no difference map");
    }
    byte[] p = a.rgb();
    byte[] q = b.rgb();
    short[] thirds = new short[p.length / 3];
    for (int i = 0; i < p.length; i++) {
      thirds[i / 3] += (short) Math.abs((p[i] & 0xff) - (q[i] & 0xff));
    }
    return new DifferenceMap(a.width(), a.height(), thirds);
  }

  /**
   * The scale that suits several maps: the smallest of 8, 16, 32, 64, 128 and 255 levels that at
   * most one pixel in two hundred goes beyond.
   */
  public static int scaleFor(Collection<DifferenceMap> maps) {
    long pixels = 0;
    long[] counts = new long[3 * LARGEST + 1];
    for (DifferenceMap map : maps) {
      for (short third : map.thirds) {
        counts[third]++;
        pixels++;
      }
    }
    for (int scale : SCALES) {
      long beyond = 0;
      for (int third = 3 * scale + 1; third < counts.length; third++) {
        beyond += counts[third];
      }
      if (beyond * 200 <= pixels) {
        return scale;
      }
    }
    return LARGEST;
  }

  /**
   * The map in colours.
   *
   * @param scale how many levels the brightest colour stands for
   */
  public Picture picture(int scale) {
    byte[] colours = new byte[3 * (3 * LARGEST + 1)];
    for (int i = 0; i < colours.length; i++) {
      int third = i / 3;
      colours[i] = (byte) ColourScale.level(third / (3.0 * scale), i % 3);
    }
    byte[] rgb = new byte[3 * thirds.length];
    for (int i = 0; i < thirds.length; i++) {
      System.arraycopy(colours, 3 * thirds[i], rgb, 3 * i, 3);
    }
    return Picture.takeOver(width, height, rgb);
  }
}
