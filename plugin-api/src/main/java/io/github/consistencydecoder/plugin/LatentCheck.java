package io.github.consistencydecoder.plugin;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Says what is wrong with latents before they cost a decode.
 *
 * <p>Only what can never be a picture is refused. Statistics that contradict the claimed scale draw
 * a warning, because a flat picture may have them innocently. The limits were set beside the
 * latents that a small SD 1.x encoder (VAElight) makes of 18 photographs, some 190 crops of them,
 * flat colours and black-and-white patterns: unscaled standard deviation 2.9 to 6.0 for the
 * photographs and 1.5 to 9.8 for all; scaled channel means within 3.5 and scaled channel deviations
 * below 2.5.
 *
 * <p>SDXL latents multiplied by SDXL's own factor 0.13025 look the same in every figure computed
 * here; they cannot be told from the values. Whoever has their metadata (a {@code scaling_factor}
 * of 0.13025) must refuse them there.
 */
public final class LatentCheck {
  /** Larger unscaled values than this are not latents; those of pictures stay below about 50. */
  private static final double LARGEST_UNSCALED = 1e4;

  private static final double UNSCALED_TOO_NARROW = 2;
  private static final double UNSCALED_TOO_WIDE = 15;
  private static final double SCALED_TOO_WIDE = 3;
  private static final double SCALED_TOO_NARROW = 0.25;

  private static final double CHANNEL_MEAN_TOO_FAR = 5;
  private static final double CHANNEL_TOO_WIDE = 4;

  /**
   * Means of the channels of scaled SD 1.x latents, from OpenAI's consistency decoder, where they
   * normalise its input.
   */
  private static final double[] MEAN = {0.38862467, 0.02253063, 0.07381133, -0.0171294};

  /** Standard deviations of the channels of scaled SD 1.x latents; same origin. */
  private static final double[] STANDARD_DEVIATION = {0.9654121, 1.0440036, 0.76147926, 0.77022034};

  private LatentCheck() {}

  /**
   * The mean that a channel of scaled Stable Diffusion 1.x latents has over many pictures.
   *
   * @param channel 0 to 3
   */
  public static double usualMean(int channel) {
    return MEAN[channel];
  }

  /**
   * The standard deviation that a channel of scaled Stable Diffusion 1.x latents has over many
   * pictures.
   *
   * @param channel 0 to 3
   */
  public static double usualDeviation(int channel) {
    return STANDARD_DEVIATION[channel];
  }

  /**
   * Refuses what cannot be decoded and warns of what was probably not meant.
   *
   * @param latents borrowed
   * @return sentences for a person; empty if there is nothing to say
   * @throws DecoderException {@link DecoderErrorCode#INVALID_LATENTS} if a value is NaN, infinite
   *     or far beyond those of any latents, or if the picture would have more than 2^31 - 1 values
   */
  public static List<String> check(Latents latents) {
    LatentStatistics statistics = requireDecodable(latents);
    List<String> warnings = new ArrayList<>();
    // A single cell has no spread to judge.
    if (latents.size() > Latents.CHANNELS) {
      scaleWarning(latents.scale(), statistics.standardDeviation(), warnings);
      if (warnings.isEmpty()) {
        channelWarning(latents, warnings);
      }
    }
    return List.copyOf(warnings);
  }

  /**
   * Refuses what cannot be decoded.
   *
   * @param latents borrowed
   * @return their statistics, which this needed
   * @throws DecoderException {@link DecoderErrorCode#INVALID_LATENTS}, as {@link #check} does
   */
  public static LatentStatistics requireDecodable(Latents latents) {
    checkSize(latents);
    LatentStatistics statistics = latents.statistics();
    if (statistics.nonFinite() > 0) {
      throw invalid(nonFinite(latents, statistics.nonFinite()));
    }
    checkRange(latents, statistics);
    return statistics;
  }

  private static void checkSize(Latents latents) {
    long perCell = 3L * Latents.PIXELS_PER_CELL * Latents.PIXELS_PER_CELL / Latents.CHANNELS;
    long needed = perCell * latents.size();
    if (needed > Integer.MAX_VALUE) {
      throw invalid(
          ("%s: the pictures would have %s values, more than an array of 2^31"
                  + " - 1 holds; decode fewer at a time")
              .formatted(latents, needed));
    }
  }

  private static String nonFinite(Latents latents, long count) {
    FloatBuffer values = latents.values();
    int i = 0;
    while (Float.isFinite(values.get(i))) {
      i++;
    }
    int x = i % latents.width();
    int y = i / latents.width() % latents.height();
    int c = i / (latents.width() * latents.height()) % Latents.CHANNELS;
    int n = i / (latents.width() * latents.height() * Latents.CHANNELS);
    return String.format(
        Locale.ROOT,
        "%s: %d of %d values are NaN or infinite, the first (%s) at [%d, %d, %d, %d];"
            + " the diffusion that made them has overflowed, half precision is the usual cause",
        latents,
        count,
        latents.size(),
        values.get(i),
        n,
        c,
        y,
        x);
  }

  private static void checkRange(Latents latents, LatentStatistics statistics) {
    double largest = Math.max(Math.abs(statistics.min()), Math.abs(statistics.max()));
    double unscaled =
        latents.scale() == LatentScale.SCALED ? largest / Latents.SCALING_FACTOR : largest;
    if (unscaled > LARGEST_UNSCALED) {
      throw invalid(
          String.format(
              Locale.ROOT,
              "%s: values reach %.3g, those of Stable Diffusion 1.x latents stay within about %s;"
                  + " the data may be of another type or byte order, or not be latents",
              latents,
              largest,
              latents.scale() == LatentScale.SCALED ? "9" : "50"));
    }
  }

  private static void scaleWarning(LatentScale scale, double deviation, List<String> warnings) {
    String found = String.format(Locale.ROOT, "standard deviation %.2f", deviation);
    switch (scale) {
      case UNSCALED -> {
        if (deviation < UNSCALED_TOO_NARROW) {
          warnings.add(
              ("the latents were declared unscaled but have %s, where about 4 to 5"
                      + " is usual: they look scaled; unless the picture is flat, declare"
                      + " them so (Latents.scaled, --latents scaled)")
                  .formatted(found));
        } else if (deviation > UNSCALED_TOO_WIDE) {
          warnings.add(
              ("the latents were declared unscaled but have %s, where about 4 to 5"
                      + " is usual: they may have been divided by 0.18215 twice, or not be"
                      + " Stable Diffusion 1.x latents")
                  .formatted(found));
        }
      }
      case SCALED -> {
        if (deviation > SCALED_TOO_WIDE) {
          warnings.add(
              ("the latents were declared scaled but have %s, where about 1 is"
                      + " usual: they look unscaled; if so, declare them so"
                      + " (Latents.unscaled, --latents unscaled)")
                  .formatted(found));
        } else if (deviation < SCALED_TOO_NARROW) {
          warnings.add(
              ("the latents were declared scaled but have %s, where about 1 is"
                      + " usual: unless the picture is flat, they may have been multiplied"
                      + " by 0.18215 twice")
                  .formatted(found));
        }
      }
    }
  }

  private static void channelWarning(Latents latents, List<String> warnings) {
    ChannelStatistics channels = ChannelStatistics.of(latents);
    double factor = latents.scale() == LatentScale.SCALED ? 1 : Latents.SCALING_FACTOR;
    for (int c = 0; c < Latents.CHANNELS; c++) {
      double mean = factor * channels.mean()[c];
      double deviation = factor * channels.standardDeviation()[c];
      if (Math.abs(mean - MEAN[c]) > CHANNEL_MEAN_TOO_FAR || deviation > CHANNEL_TOO_WIDE) {
        warnings.add(
            String.format(
                Locale.ROOT,
                "channel %d of the latents has mean %.2f and standard deviation %.2f in scaled"
                    + " units, where %.2f and %.2f are usual: they may be of another model family"
                    + " than Stable Diffusion 1.x (SDXL, for example), which this decoder cannot"
                    + " draw",
                c,
                mean,
                deviation,
                MEAN[c],
                STANDARD_DEVIATION[c]));
        return;
      }
    }
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_LATENTS, message);
  }

  /**
   * Mean and population standard deviation of each channel over a batch, in double precision; of
   * finite values.
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record ChannelStatistics(double[] mean, double[] standardDeviation) {
    static ChannelStatistics of(Latents latents) {
      FloatBuffer values = latents.values();
      int plane = latents.height() * latents.width();
      double[] mean = new double[Latents.CHANNELS];
      double[] deviation = new double[Latents.CHANNELS];
      long n = (long) plane * latents.batch();
      for (int i = 0; i < values.limit(); i++) {
        mean[channel(i, plane)] += values.get(i) / (double) n;
      }
      for (int i = 0; i < values.limit(); i++) {
        double d = values.get(i) - mean[channel(i, plane)];
        deviation[channel(i, plane)] += d * d / n;
      }
      for (int c = 0; c < Latents.CHANNELS; c++) {
        deviation[c] = Math.sqrt(deviation[c]);
      }
      return new ChannelStatistics(mean, deviation);
    }

    private static int channel(int index, int plane) {
      return index / plane % Latents.CHANNELS;
    }
  }
}
