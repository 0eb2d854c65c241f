package io.github.consistencydecoder.core.diagnostics;

import io.github.consistencydecoder.core.keep.Region;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Measures on a model whether decodes that start from another decoder's picture are what two steps
 * give: as near as another seed is, and of the same colours.
 */
public final class WarmStart {
  /** Two draws of the noise are about so far apart, in dB; nearer than this is the same picture. */
  private static final double NEAR = 35;

  /** Grey levels of a mean colour that nobody sees. */
  private static final double TINT = 1;

  /** Of a side: 256 pixels, which the published network was trained on. */
  private static final int CELLS = 32;

  private final LatentDecoder decoder;
  private final Latents latents;
  private final Cancellation cancellation;
  private final Pixels cold;
  private final double other;

  private WarmStart(LatentDecoder decoder, Latents latents, Cancellation cancellation) {
    this.decoder = decoder;
    this.latents = latents;
    this.cancellation = cancellation;
    this.cold = decode(0, Start.NOISE);
    this.other = psnr(decode(1, Start.NOISE), cold);
  }

  /**
   * What one start was found to do.
   *
   * @param psnr of the warm picture against two steps of the same noise, in dB, peak 255
   * @param other the same of two steps with another seed
   * @param tint by how many levels of 255 the mean red, green and blue differ
   */
  public record Found(double psnr, double other, List<Double> tint) {
    public Found {
      tint = List.copyOf(tint);
    }

    /** Whether to use it, with the numbers. */
    public String sentence() {
      String numbers =
          String.format(Locale.ROOT, "%.1f dB from two steps, another seed %.1f dB", psnr, other)
              + tint.stream()
                  .map(t -> String.format(Locale.ROOT, "%+.1f", t))
                  .collect(Collectors.joining(", ", ", tint ", " levels"));
      if (psnr < Math.min(NEAR, other)) {
        return numbers + ": another picture, do not use it";
      }
      return numbers
          + (tint.stream().allMatch(t -> Math.abs(t) <= TINT)
              ? ": the same picture for about half the time, use it"
              : ": the same picture in other colours, look before you use it");
    }
  }

  /**
   * Decodes with two steps, twice.
   *
   * @param decoder a consistency decoder; borrowed
   * @param latents one latent, of which at most 32x32 cells are decoded
   */
  public static WarmStart of(LatentDecoder decoder, Latents latents, Cancellation cancellation) {
    Region part =
        new Region(0, Math.min(latents.height(), CELLS), 0, Math.min(latents.width(), CELLS));
    return new WarmStart(decoder, part.of(latents), cancellation);
  }

  /**
   * Measures a start.
   *
   * @param start a decoder of another kind; borrowed
   */
  public Found from(LatentDecoder start) {
    Pixels warm = decode(0, Start.decodedBy(start));
    List<Double> tint = new ArrayList<>();
    for (int channel = 0; channel < 3; channel++) {
      tint.add(127.5 * (mean(warm, channel) - mean(cold, channel)));
    }
    return new Found(psnr(warm, cold), other, tint);
  }

  private Pixels decode(long seed, Start start) {
    return decoder
        .decode(
            latents,
            DecodeOptions.builder().seed(seed).start(start).cancellation(cancellation).build())
        .pixels();
  }

  private static double mean(Pixels pixels, int channel) {
    FloatBuffer values = pixels.values();
    int plane = pixels.height() * pixels.width();
    double sum = 0;
    for (int i = 0; i < plane; i++) {
      sum += values.get(channel * plane + i);
    }
    return sum / plane;
  }

  private static double psnr(Pixels a, Pixels b) {
    FloatBuffer x = a.values();
    FloatBuffer y = b.values();
    double sum = 0;
    for (int i = 0; i < x.remaining(); i++) {
      double difference = 127.5 * (x.get(i) - y.get(i));
      sum += difference * difference;
    }
    return 10 * Math.log10(255.0 * 255 * x.remaining() / sum);
  }
}
