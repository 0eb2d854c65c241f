package io.github.consistencydecoder.compare.report;

import java.util.Locale;

/** The colours of difference maps: from near black over purple and orange to near white. */
final class ColourScale {
  /** At equal distances; lightness rises all the way, so that the map also reads in grey. */
  private static final int[][] STOPS = {
    {6, 6, 18}, {58, 18, 108}, {150, 32, 108}, {222, 78, 58}, {250, 164, 42}, {252, 250, 206}
  };

  private ColourScale() {}

  /**
   * The colour of a part of the scale.
   *
   * @param part 0 none, 1 the end of the scale or beyond
   * @param channel 0 red, 1 green, 2 blue
   */
  static int level(double part, int channel) {
    double position = Math.min(Math.max(part, 0), 1) * (STOPS.length - 1);
    int below = Math.min((int) position, STOPS.length - 2);
    double rest = position - below;
    return (int) Math.round(STOPS[below][channel] * (1 - rest) + STOPS[below + 1][channel] * rest);
  }

  /** The same colours as a CSS gradient from left to right. */
  static String css() {
    StringBuilder out = new StringBuilder("linear-gradient(to right");
    for (int[] stop : STOPS) {
      out.append(String.format(Locale.ROOT, ",#%02x%02x%02x", stop[0], stop[1], stop[2]));
    }
    return out.append(')').toString();
  }
}
