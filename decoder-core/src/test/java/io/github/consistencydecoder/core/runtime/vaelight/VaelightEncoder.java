package io.github.consistencydecoder.core.runtime.vaelight;

import io.github.consistencydecoder.core.opening.Lifetime;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;

/**
 * Pixels to unscaled latents.
 *
 * <p>Owns its model. Safe for use by several threads. After {@link #close}, every method except
 * {@code close} throws {@link IllegalStateException}; closing again does nothing.
 */
final class VaelightEncoder implements LatentEncoder {
  /** Counted layer by layer, of a cell. */
  private static final double OPERATIONS = 680e3;

  /** Of a pixel: itself, and 48 channels at half the size. */
  private static final long BYTES = 4 * (3 + 48 / 4);

  private final Lifetime lifetime = new Lifetime("the encoder");
  private final VaelightModel model;

  /** Takes ownership. */
  VaelightEncoder(VaelightModel model) {
    this.model = model;
  }

  @Override
  public DecoderInfo info() {
    return lifetime.whileOpen(model::info);
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width) {
    double cells = (double) batch * height * width / 64;
    return lifetime.whileOpen(
        () -> new DecodeEstimate(OPERATIONS * cells, BYTES * batch * height * width));
  }

  @Override
  public Latents encode(Pixels pixels, Cancellation cancellation) {
    return lifetime.whileOpen(() -> encodeOpen(pixels, cancellation));
  }

  private Latents encodeOpen(Pixels pixels, Cancellation cancellation) {
    cancellation.check();
    int h = pixels.height();
    int w = pixels.width();
    if (h % Latents.PIXELS_PER_CELL != 0 || w % Latents.PIXELS_PER_CELL != 0) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_PIXELS, w + "x" + h + " pixels are no multiples of 8");
    }
    FloatBuffer values = pixels.values();
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        throw new DecoderException(DecoderErrorCode.INVALID_PIXELS, "a value is not finite");
      }
    }
    int size = Latents.CHANNELS * h * w / 64;
    float[] latents = new float[pixels.batch() * size];
    for (int k = 0; k < pixels.batch(); k++) {
      cancellation.check();
      System.arraycopy(model.run(values, k, 3, h, w).get(0), 0, latents, k * size, size);
    }
    return Latents.unscaled(latents, pixels.batch(), Latents.CHANNELS, h / 8, w / 8);
  }

  @Override
  public void close() {
    lifetime.end(model::close);
  }
}
