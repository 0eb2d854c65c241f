package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.server.models.BatchTrials;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What calls must have in common to be decoded as one batch.
 *
 * @param options all but the noise
 * @param given whether their noise is given, rather than drawn from seeds
 */
public record BatchKey(
    BatchTrials.Shape shape, LatentScale scale, Map<String, Object> options, boolean given) {
  /** Pixels of a picture; beyond it a device is busy with one. */
  private static final int MOST_PIXELS = 256 * 256;

  // Well inside what a decoder would warn of, however such latents are mixed: what a decoder says
  // of a batch it would say of nobody in it.
  private static final double WIDEST = 2;
  private static final double NARROWEST = 0.4;
  private static final double FARTHEST_MEAN = 1;
  private static final double FARTHEST_CHANNEL_MEAN = 2;
  private static final double WIDEST_CHANNEL = 3;

  /** The key of one small picture with plausible latents; empty for anything else. */
  static Optional<BatchKey> of(Latents latents, DecodeOptions options) {
    // What was tried is whether a batch gives the bits of its pictures when neither is divided.
    boolean whole = options.tiling() == Tiling.AUTO || options.tiling() == Tiling.WHOLE;
    if (latents.batch() != 1
        || !whole
        || 64L * latents.height() * latents.width() > MOST_PIXELS
        || !fits(options.noise(), 3 * 64 * latents.height() * latents.width())
        || !plausible(latents)) {
      return Optional.empty();
    }
    Map<String, Object> same = new HashMap<>(options.asMap());
    same.remove("noise");
    return Optional.of(
        new BatchKey(
            new BatchTrials.Shape(latents.height(), latents.width()),
            latents.scale(),
            Map.copyOf(same),
            options.noise() instanceof Noise.Given));
  }

  /** Whether it is noise for one picture of this size; what is not, a decoder refuses alone. */
  private static boolean fits(Noise noise, int size) {
    if (noise instanceof Noise.SeededPerImage perImage) {
      return perImage.seeds().size() == 1;
    }
    if (noise instanceof Noise.Given given) {
      for (int k = 0; k < given.steps(); k++) {
        if (given.step(k).remaining() != size) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean plausible(Latents latents) {
    float factor = latents.scale() == LatentScale.SCALED ? 1 : Latents.SCALING_FACTOR;
    FloatBuffer values = latents.values();
    int cells = latents.height() * latents.width();
    double sum = 0;
    double squares = 0;
    for (int c = 0; c < Latents.CHANNELS; c++) {
      double channelSum = 0;
      double channelSquares = 0;
      for (int i = 0; i < cells; i++) {
        double v = factor * values.get(c * cells + i);
        channelSum += v;
        channelSquares += v * v;
      }
      // Comparisons that NaN fails.
      if (!(Math.abs(channelSum / cells) <= FARTHEST_CHANNEL_MEAN
          && deviation(channelSum, channelSquares, cells) <= WIDEST_CHANNEL)) {
        return false;
      }
      sum += channelSum;
      squares += channelSquares;
    }
    int n = Latents.CHANNELS * cells;
    double deviation = deviation(sum, squares, n);
    return Math.abs(sum / n) <= FARTHEST_MEAN && deviation >= NARROWEST && deviation <= WIDEST;
  }

  private static double deviation(double sum, double squares, int n) {
    return Math.sqrt(Math.max(0, squares / n - sum / n * (sum / n)));
  }
}
