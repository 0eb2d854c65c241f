package io.github.consistencydecoder.core.runtime.vaelight;

import io.github.consistencydecoder.core.opening.Lifetime;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Latents to pixels: the sum of the graph's four outputs, which are h, 2h, 4h and 8h pixels high,
 * the smaller ones enlarged bilinearly. Pixels are not clamped.
 *
 * <p>Owns its model. Safe for use by several threads. After {@link #close}, every method except
 * {@code close} throws {@link IllegalStateException}; closing again does nothing.
 */
final class VaelightDecoder implements LatentDecoder {
  /** Counted layer by layer, of a cell. */
  private static final double OPERATIONS = 9.9e6;

  /** Of a cell: two times 64 channels of its 64 pixels, and the pixels twice. */
  private static final long BYTES = 64 * 4 * (2 * 64 + 2 * 3);

  private final Lifetime lifetime = new Lifetime("the decoder");
  private final VaelightModel model;

  /** Takes ownership. */
  VaelightDecoder(VaelightModel model) {
    this.model = model;
  }

  @Override
  public DecoderInfo info() {
    return lifetime.whileOpen(model::info);
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    long cells = (long) batch * height * width;
    return lifetime.whileOpen(() -> new DecodeEstimate(OPERATIONS * cells, BYTES * cells));
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    return lifetime.whileOpen(() -> decodeOpen(latents, options));
  }

  private Decoded decodeOpen(Latents latents, DecodeOptions options) {
    long start = System.nanoTime();
    options.cancellation().check();
    List<String> warnings = LatentCheck.check(latents);
    warnings.forEach(options.listener()::warning);
    FloatBuffer values = latents.to(LatentScale.UNSCALED).values();
    int h = latents.height();
    int w = latents.width();
    int size = 3 * 64 * h * w;
    float[] pixels = new float[latents.batch() * size];
    options.listener().stepStarted(0, 1, 0);
    long stepStart = System.nanoTime();
    for (int k = 0; k < latents.batch(); k++) {
      options.cancellation().check();
      List<float[]> outputs = model.run(values, k, Latents.CHANNELS, h, w);
      for (int i = 0; i < outputs.size(); i++) {
        addEnlarged(outputs.get(i), h << i, w << i, 8 >> i, pixels, k * size);
      }
    }
    long taken = System.nanoTime() - stepStart;
    options.listener().stepFinished(0, 1, taken);
    return new Decoded(
        Pixels.takeOver(pixels, latents.batch(), 8 * h, 8 * w),
        List.of(taken),
        System.nanoTime() - start,
        Map.of(
            "model",
            VaelightModel.NAME,
            "digest",
            model.info().digest(),
            "latents",
            latents.scale().name().toLowerCase(Locale.ROOT),
            "seed",
            "none",
            "schedule",
            "none",
            "clamp",
            "none"),
        warnings);
  }

  /** Bilinear, half-pixel centres, edges repeated; {@code from} has h rows of w in 3 planes. */
  private static void addEnlarged(float[] from, int h, int w, int factor, float[] to, int offset) {
    int width = w * factor;
    int height = h * factor;
    for (int i = 0; i < 3 * height * width; i++) {
      int x = i % width;
      int y = i / width % height;
      int plane = i / width / height * h * w;
      float sx = Math.min(Math.max((x + 0.5f) / factor - 0.5f, 0), w - 1);
      float sy = Math.min(Math.max((y + 0.5f) / factor - 0.5f, 0), h - 1);
      int left = (int) sx;
      int right = Math.min(left + 1, w - 1);
      int row = (int) sy;
      int top = plane + row * w;
      int bottom = plane + Math.min(row + 1, h - 1) * w;
      float fx = sx - left;
      float fy = sy - row;
      to[offset + i] +=
          (1 - fy) * ((1 - fx) * from[top + left] + fx * from[top + right])
              + fy * ((1 - fx) * from[bottom + left] + fx * from[bottom + right]);
    }
  }

  @Override
  public void close() {
    lifetime.end(model::close);
  }
}
