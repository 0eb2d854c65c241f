package io.github.consistencydecoder.core;

/** How far apart two pictures are. */
public final class Distances {
  private Distances() {}

  /** The largest difference of two values; infinite if one is NaN. */
  public static float worst(float[] expected, float[] found) {
    if (expected.length != found.length) {
      throw new AssertionError(expected.length + " values expected, " + found.length + " found");
    }
    float worst = 0;
    for (int i = 0; i < found.length; i++) {
      float d = Math.abs(expected[i] - found[i]);
      worst = Float.isNaN(d) ? Float.POSITIVE_INFINITY : Math.max(worst, d);
    }
    return worst;
  }
}
