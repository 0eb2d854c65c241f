package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.keep.KeptPixels;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Tiling;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * An autoencoder's decoder: one evaluation, no noise. Noise, schedule and clamp of the options are
 * ignored; pixels are not clamped.
 *
 * <p>Owns a session of the runtime. Safe for use by several threads. After {@link #close}, every
 * method except {@code close} throws {@link IllegalStateException}; closing again does nothing.
 */
final class AutoencoderDecoder implements LatentDecoder {
  private final Renewable<RunningAutoencoder> renewable;

  /** Opens it. */
  AutoencoderDecoder(Autoencoder kind, DecoderConfig config) {
    this.renewable =
        new Renewable<>(
            "the decoder", () -> RunningAutoencoder.open(kind, AutoencoderPart.DECODER, config));
  }

  @Override
  public DecoderInfo info() {
    return renewable.ask(RunningAutoencoder::info);
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    long pixelHeight = (long) height * Latents.PIXELS_PER_CELL;
    long pixelWidth = (long) width * Latents.PIXELS_PER_CELL;
    return renewable.ask(running -> running.estimate(batch, pixelHeight, pixelWidth));
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    return renewable.decode(running -> decodeOpen(running, latents, options), options);
  }

  private static Decoded decodeOpen(
      RunningAutoencoder running, Latents latents, DecodeOptions options) {
    long start = System.nanoTime();
    options.cancellation().check();
    KeptPixels.requireNone(options, running.info().provider());
    List<String> warnings = new ArrayList<>(LatentCheck.check(latents));
    if (options.tiling() == Tiling.OVERLAPPED) {
      warnings.add(running.info().provider() + " decodes whole pictures only, not tiles");
    }
    warnings.forEach(options.listener()::warning);
    int height = latents.height() * Latents.PIXELS_PER_CELL;
    int width = latents.width() * Latents.PIXELS_PER_CELL;
    String task = "decode a picture of " + width + "x" + height + " pixels";
    return running.holding(
        latents.batch(),
        height,
        width,
        task,
        options.cancellation(),
        () -> decoded(running, latents, options, task, warnings, start));
  }

  private static Decoded decoded(
      RunningAutoencoder running,
      Latents latents,
      DecodeOptions options,
      String task,
      List<String> warnings,
      long start) {
    FloatBuffer values = latents.to(running.scale()).values();
    int height = latents.height() * Latents.PIXELS_PER_CELL;
    int width = latents.width() * Latents.PIXELS_PER_CELL;
    float[] pixels = new float[latents.batch() * 3 * height * width];
    options.listener().stepStarted(0, 1, 0);
    long stepStart = System.nanoTime();
    for (int k = 0; k < latents.batch(); k++) {
      options.cancellation().check();
      float[] picture =
          running.evaluate(
              values, k, latents.height(), latents.width(), task, options.cancellation());
      System.arraycopy(picture, 0, pixels, k * picture.length, picture.length);
    }
    long taken = System.nanoTime() - stepStart;
    options.listener().stepFinished(0, 1, taken);
    return new Decoded(
        Pixels.takeOver(pixels, latents.batch(), height, width),
        List.of(taken),
        System.nanoTime() - start,
        metadata(running.info(), latents),
        warnings);
  }

  private static Map<String, String> metadata(DecoderInfo info, Latents latents) {
    Map<String, String> m = new TreeMap<>(info.details());
    m.put("model", info.model());
    m.put("digest", info.digest());
    m.put("latents", latents.scale().name().toLowerCase(Locale.ROOT));
    for (String unused : List.of("seed", "schedule", "clamp")) {
      m.put(unused, "none");
    }
    return m;
  }

  @Override
  public void close() {
    renewable.close();
  }
}
