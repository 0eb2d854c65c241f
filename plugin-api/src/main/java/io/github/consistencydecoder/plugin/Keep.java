package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

/**
 * Pixels that are known and come back as they are, joined with the decoded ones by a feather that
 * lies inside the mask. Immutable.
 *
 * @param known the known pictures, of the decoded size; one for all pictures of the batch, or one
 *     each
 * @param mask which pixels are made anew; one for all pictures of the batch, or one each
 * @param feather radius of the transition in pixels, {@code 0 .. 256}: it is about twice as wide. 0
 *     joins without a transition
 * @param grow pixels by which the mask is widened first, {@code 0 .. 256}
 * @param whole whether the whole picture is evaluated. Otherwise only the mask's box and a margin
 *     are, which costs as much as their share of the area
 */
public record Keep(Pixels known, Mask mask, int feather, int grow, boolean whole) {
  /** The feather that is used where none is named, in pixels. */
  public static final int USUAL_FEATHER = 4;

  private static final int MOST = 256;

  /**
   * @throws IllegalArgumentException if the sizes differ or a radius is out of its range
   */
  public Keep {
    requireNonNull(known, "known");
    requireNonNull(mask, "mask");
    if (known.height() != mask.height() || known.width() != mask.width()) {
      throw new IllegalArgumentException(
          ("the mask has %sx%s pixels, the known picture %sx%s; the same size" + " is needed")
              .formatted(mask.width(), mask.height(), known.width(), known.height()));
    }
    checkRadius("feather", feather);
    checkRadius("grow", grow);
  }

  /**
   * These pixels with a feather of {@value #USUAL_FEATHER} pixels; only the region is evaluated.
   */
  public static Keep of(Pixels known, Mask mask) {
    return new Keep(known, mask, USUAL_FEATHER, 0, false);
  }

  /** {@code feather 4, grow 0}, and {@code whole} where it is. */
  @Override
  public String toString() {
    return "feather " + feather + ", grow " + grow + (whole ? ", whole" : "");
  }

  private static void checkRadius(String name, int value) {
    if (value < 0 || value > MOST) {
      throw new IllegalArgumentException(name + " is 0 to " + MOST + " pixels, not " + value);
    }
  }
}
