package io.github.consistencydecoder.plugin;

import java.util.Locale;

/**
 * The scale that latents probably have, for callers that do not know.
 *
 * <p>Rests on the standard deviation alone: about 1 for scaled latents, about 5 for unscaled ones,
 * and the border between them at their geometric mean.
 *
 * @param scale what to take them for
 * @param clear false where latents of either scale have such a standard deviation
 * @param sentence what was decided and why, for a person
 */
public record LatentScaleGuess(LatentScale scale, boolean clear, String sentence) {
  private static final double BORDER = 2.2;

  /** Pictures of high contrast reach this when scaled. */
  private static final double SCALED_SELDOM_ABOVE = 1.4;

  /** Pictures of little contrast come down to this when unscaled. */
  private static final double UNSCALED_SELDOM_BELOW = 2.8;

  /** A flat picture has such a small spread in either scale. */
  private static final double TOO_FLAT = 0.4;

  /**
   * Guesses.
   *
   * @param statistics of the values as they came, whatever scale the {@code Latents} that computed
   *     them claimed
   */
  public static LatentScaleGuess of(LatentStatistics statistics) {
    double deviation = statistics.standardDeviation();
    LatentScale scale = deviation < BORDER ? LatentScale.SCALED : LatentScale.UNSCALED;
    boolean clear =
        scale == LatentScale.SCALED
            ? deviation >= TOO_FLAT && deviation <= SCALED_SELDOM_ABOVE
            : deviation >= UNSCALED_SELDOM_BELOW;
    LatentScale other = scale == LatentScale.SCALED ? LatentScale.UNSCALED : LatentScale.SCALED;
    return new LatentScaleGuess(
        scale,
        clear,
        String.format(
            Locale.ROOT,
            "took the latents for %s: their standard deviation is %.2f (about 1 when scaled, about"
                + " 5 when unscaled)%s",
            word(scale),
            deviation,
            clear
                ? ""
                : ", which is not clear; if the picture looks wrong, say --latents "
                    + word(other)));
  }

  /** The same values, not copied, taken for {@link #scale()} whatever they claimed to be. */
  public Latents apply(Latents latents) {
    return latents.taken(scale);
  }

  private static String word(LatentScale scale) {
    return scale.name().toLowerCase(Locale.ROOT);
  }
}
