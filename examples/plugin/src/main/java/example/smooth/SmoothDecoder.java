package example.smooth;

import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.LatentStatistics;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * A preview without a network: the colour of each latent cell, blended from cell to cell.
 *
 * <p>Safe for use by several threads. After {@link #close}, every method except {@code close}
 * throws {@link IllegalStateException}; closing again does nothing.
 */
final class SmoothDecoder implements LatentDecoder {
  private static final int FACTOR = Latents.PIXELS_PER_CELL;

  /** What each channel of a scaled latent adds to red, green and blue in {@code [-1, 1]}. */
  private static final float[][] COLOURS = {
    {0.35f, 0.23f, 0.32f}, {0.32f, 0.50f, 0.23f}, {-0.28f, 0.18f, 0.27f}, {-0.21f, -0.26f, -0.72f}
  };

  /** Unscaled latents of pictures spread wider than this. */
  private static final double LEAST_UNSCALED_DEVIATION = 2;

  // Decodes share it, closing takes it alone: so close waits for them.
  private final ReentrantReadWriteLock lifetime = new ReentrantReadWriteLock();
  private boolean closed;

  @Override
  public DecoderInfo info() {
    return whileOpen(
        () ->
            new DecoderInfo(
                SmoothDecoderProvider.NAME, "smooth preview", "", "cpu, in Java", Map.of()));
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    long values = 3L * batch * height * width * FACTOR * FACTOR;
    return whileOpen(() -> new DecodeEstimate(8.0 * values, 4 * values));
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    return whileOpen(() -> decodeOpen(latents, options));
  }

  private static Decoded decodeOpen(Latents latents, DecodeOptions options) {
    long start = System.nanoTime();
    options.cancellation().check();
    List<String> warnings = check(latents);
    warnings.forEach(options.listener()::warning);
    options.listener().stepStarted(0, 1, 0);
    long stepStart = System.nanoTime();
    Pixels pixels = draw(latents.to(LatentScale.SCALED));
    long taken = System.nanoTime() - stepStart;
    options.listener().stepFinished(0, 1, taken);
    Map<String, String> metadata =
        Map.of("model", "smooth preview", "seed", "none", "schedule", "none", "clamp", "none");
    return new Decoded(pixels, List.of(taken), System.nanoTime() - start, metadata, warnings);
  }

  private static List<String> check(Latents latents) {
    LatentStatistics statistics = latents.statistics();
    if (statistics.nonFinite() > 0) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_LATENTS,
          latents + ": " + statistics.nonFinite() + " values are NaN or infinite");
    }
    boolean narrow =
        latents.scale() == LatentScale.UNSCALED
            && statistics.standardDeviation() < LEAST_UNSCALED_DEVIATION;
    return narrow ? List.of("the latents were declared unscaled but look scaled") : List.of();
  }

  private static Pixels draw(Latents latents) {
    int height = latents.height() * FACTOR;
    int width = latents.width() * FACTOR;
    float[] out = new float[latents.batch() * 3 * height * width];
    int at = 0;
    for (int n = 0; n < latents.batch(); n++) {
      for (int colour = 0; colour < 3; colour++) {
        float[] cells = cells(latents, n, colour);
        for (int y = 0; y < height; y++) {
          for (int x = 0; x < width; x++) {
            out[at++] = blended(cells, latents.height(), latents.width(), y, x);
          }
        }
      }
    }
    return Pixels.takeOver(out, latents.batch(), height, width);
  }

  private static float[] cells(Latents latents, int image, int colour) {
    int plane = latents.height() * latents.width();
    float[] cells = new float[plane];
    for (int channel = 0; channel < Latents.CHANNELS; channel++) {
      int from = (image * Latents.CHANNELS + channel) * plane;
      for (int i = 0; i < plane; i++) {
        cells[i] += COLOURS[channel][colour] * latents.values().get(from + i);
      }
    }
    return cells;
  }

  /** Bilinear between the centres of the four nearest cells, which at the border are fewer. */
  private static float blended(float[] cells, int height, int width, int y, int x) {
    float row = Math.max((y + 0.5f) / FACTOR - 0.5f, 0);
    float column = Math.max((x + 0.5f) / FACTOR - 0.5f, 0);
    int top = (int) row;
    int left = (int) column;
    int bottom = Math.min(top + 1, height - 1);
    int right = Math.min(left + 1, width - 1);
    float down = row - top;
    float across = column - left;
    float upper = mix(cells[top * width + left], cells[top * width + right], across);
    float lower = mix(cells[bottom * width + left], cells[bottom * width + right], across);
    return mix(upper, lower, down);
  }

  private static float mix(float a, float b, float share) {
    return a + (b - a) * share;
  }

  private <T> T whileOpen(Supplier<T> work) {
    lifetime.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the decoder is closed");
      }
      return work.get();
    } finally {
      lifetime.readLock().unlock();
    }
  }

  @Override
  public void close() {
    lifetime.writeLock().lock();
    closed = true;
    lifetime.writeLock().unlock();
  }
}
