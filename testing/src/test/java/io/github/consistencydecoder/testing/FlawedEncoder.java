package io.github.consistencydecoder.testing;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.util.Map;

/**
 * An encoder without a model: a latent cell holds the mean of each channel of its pixels, and the
 * mean of all. Keeps every promise of {@link LatentEncoder}, or breaks one on demand.
 */
final class FlawedEncoder implements LatentEncoder {
  /** A promise to break. */
  enum Flaw {
    NONE,
    ANY_SIZE,
    ACCEPTS_NAN,
    IGNORES_PIXELS,
    IGNORES_CANCELLATION,
    WORKS_AFTER_CLOSE,
    SECOND_CLOSE_THROWS,
    MIXES_BATCH,
    FIXED_ESTIMATE
  }

  private final Flaw flaw;
  private boolean closed;

  FlawedEncoder(Flaw flaw) {
    this.flaw = flaw;
  }

  @Override
  public DecoderInfo info() {
    checkOpen();
    return new DecoderInfo("fake", "fake", "", "in Java, for it needs nothing else", Map.of());
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width) {
    checkOpen();
    long values = flaw == Flaw.FIXED_ESTIMATE ? 1000 : 3L * batch * height * width;
    return new DecodeEstimate(values, 4 * values);
  }

  @Override
  public Latents encode(Pixels pixels, Cancellation cancellation) {
    checkOpen();
    if (flaw != Flaw.IGNORES_CANCELLATION) {
      cancellation.check();
    }
    if ((pixels.height() % 8 != 0 || pixels.width() % 8 != 0) && flaw != Flaw.ANY_SIZE) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_PIXELS, pixels + ": multiples of 8 are needed");
    }
    int h = pixels.height() / 8;
    int w = pixels.width() / 8;
    float[] cells = new float[pixels.batch() * 4 * h * w];
    for (int i = 0; i < pixels.batch() * 3 * 64 * h * w; i++) {
      float v = pixels.values().get(i % pixels.values().limit());
      if (Float.isNaN(v) && flaw != Flaw.ACCEPTS_NAN) {
        throw new DecoderException(DecoderErrorCode.INVALID_PIXELS, "value " + i + " is NaN");
      }
      int image = flaw == Flaw.MIXES_BATCH ? 0 : i / (3 * 64 * h * w);
      int channel = i / (64 * h * w) % 3;
      int cell = i / (8 * w) % (8 * h) / 8 * w + i % (8 * w) / 8;
      float part = flaw == Flaw.IGNORES_PIXELS ? 0.1f : v;
      cells[(4 * image + channel) * h * w + cell] += part / 64;
      cells[(4 * image + 3) * h * w + cell] += part / 192;
    }
    return Latents.scaled(cells, pixels.batch(), 4, h, w);
  }

  private void checkOpen() {
    if (closed && flaw != Flaw.WORKS_AFTER_CLOSE) {
      throw new IllegalStateException("the encoder is closed");
    }
  }

  @Override
  public void close() {
    if (closed && flaw == Flaw.SECOND_CLOSE_THROWS) {
      throw new IllegalStateException("the encoder is closed");
    }
    closed = true;
  }
}
