package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An autoencoder's encoder. Of the VAE's distribution it gives the mean.
 *
 * <p>Owns a session of the runtime. Safe for use by several threads. After {@link #close}, every
 * method except {@code close} throws {@link IllegalStateException}; closing again does nothing.
 */
final class AutoencoderEncoder implements LatentEncoder {
  private static final Logger LOG = LoggerFactory.getLogger(AutoencoderEncoder.class);
  private final Renewable<RunningAutoencoder> renewable;

  /** Opens it. */
  AutoencoderEncoder(Autoencoder kind, DecoderConfig config) {
    this.renewable =
        new Renewable<>(
            "the encoder", () -> RunningAutoencoder.open(kind, AutoencoderPart.ENCODER, config));
  }

  @Override
  public DecoderInfo info() {
    return renewable.ask(RunningAutoencoder::info);
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width) {
    return renewable.ask(running -> running.estimate(batch, height, width));
  }

  @Override
  public Latents encode(Pixels pixels, Cancellation cancellation) {
    return renewable.use(
        running -> encodeOpen(running, pixels, cancellation), cancellation, LOG::warn);
  }

  private static Latents encodeOpen(
      RunningAutoencoder running, Pixels pixels, Cancellation cancellation) {
    cancellation.check();
    check(pixels);
    int height = pixels.height() / Latents.PIXELS_PER_CELL;
    int width = pixels.width() / Latents.PIXELS_PER_CELL;
    String task = "encode a picture of " + pixels.width() + "x" + pixels.height() + " pixels";
    return running.holding(
        pixels.batch(),
        pixels.height(),
        pixels.width(),
        task,
        cancellation,
        () -> encoded(running, pixels, height, width, task, cancellation));
  }

  private static Latents encoded(
      RunningAutoencoder running,
      Pixels pixels,
      int height,
      int width,
      String task,
      Cancellation cancellation) {
    int size = Latents.CHANNELS * height * width;
    float[] latents = new float[pixels.batch() * size];
    for (int k = 0; k < pixels.batch(); k++) {
      cancellation.check();
      float[] output =
          running.evaluate(pixels.values(), k, pixels.height(), pixels.width(), task, cancellation);
      System.arraycopy(output, 0, latents, k * size, size);
    }
    return Latents.of(running.scale(), latents, pixels.batch(), Latents.CHANNELS, height, width);
  }

  private static void check(Pixels pixels) {
    if (pixels.height() % Latents.PIXELS_PER_CELL != 0
        || pixels.width() % Latents.PIXELS_PER_CELL != 0) {
      throw invalid(
          ("a picture of %sx%s pixels cannot be encoded: both sides must be"
                  + " multiples of %s, crop or enlarge it")
              .formatted(pixels.width(), pixels.height(), Latents.PIXELS_PER_CELL));
    }
    OptionalInt bad = pixels.firstNotFinite();
    if (bad.isPresent()) {
      throw invalid(
          "%s has the value %s at %s; every value must be finite"
              .formatted(pixels, pixels.values().get(bad.getAsInt()), bad.getAsInt()));
    }
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_PIXELS, message);
  }

  @Override
  public void close() {
    renewable.close();
  }
}
