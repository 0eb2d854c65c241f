package io.github.consistencydecoder.core.latents;

import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;

/**
 * Mean and population standard deviation of each channel over a batch, in double precision; of
 * finite values.
 */
@SuppressWarnings("ArrayRecordComponent") // lives within one method of this package
record ChannelStatistics(double[] mean, double[] standardDeviation) {
  /**
   * Means of the channels of scaled SD 1.x latents, from OpenAI's consistency decoder, where they
   * normalise its input.
   */
  static final double[] MEAN = {0.38862467, 0.02253063, 0.07381133, -0.0171294};

  /** Standard deviations of the channels of scaled SD 1.x latents; same origin. */
  static final double[] STANDARD_DEVIATION = {0.9654121, 1.0440036, 0.76147926, 0.77022034};

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
