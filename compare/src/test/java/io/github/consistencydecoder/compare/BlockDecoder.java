package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A decoder without a model: the first three channels of a latent are the mean colours of blocks of
 * 8x8, which it enlarges, smoothly or not, with some grain.
 */
public final class BlockDecoder implements LatentDecoder {
  private final String model;
  private final boolean smooth;
  private final float grain;
  private final Map<String, String> details;
  private int decodes;

  public BlockDecoder(String model, boolean smooth, float grain) {
    this(model, smooth, grain, Map.of());
  }

  /**
   * @param details of its {@link DecoderInfo}
   */
  public BlockDecoder(String model, boolean smooth, float grain, Map<String, String> details) {
    this.model = model;
    this.smooth = smooth;
    this.grain = grain;
    this.details = details;
  }

  /** The latents of a picture whose sides are multiples of 8. */
  public static Latents encode(Picture picture) {
    int h = picture.height() / 8;
    int w = picture.width() / 8;
    float[] values = new float[4 * h * w];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 64 * h * w; i++) {
        int x = i % (8 * w);
        int y = i / (8 * w);
        values[(c * h + y / 8) * w + x / 8] += (picture.level(x, y, c) / 127.5f - 1) / 64;
      }
    }
    return Latents.unscaled(values, 1, 4, h, w);
  }

  /** How often it has decoded. */
  public int decodes() {
    return decodes;
  }

  @Override
  public DecoderInfo info() {
    return new DecoderInfo("block", model, "", "in Java", details);
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    return new DecodeEstimate(1, 768L * batch * height * width);
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    options.cancellation().check();
    decodes++;
    long start = System.nanoTime();
    if (latents.statistics().nonFinite() > 0) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_LATENTS,
          latents.statistics().nonFinite() + " values of the latents are not finite");
    }
    Latents unscaled = latents.to(LatentScale.UNSCALED);
    int h = latents.height();
    int w = latents.width();
    float[] pixels = new float[192 * h * w];
    Random random = new Random(7);
    for (int i = 0; i < pixels.length; i++) {
      float x = (i % (8 * w)) / 8f;
      float y = (i / (8 * w) % (8 * h)) / 8f;
      int c = i / (64 * h * w);
      pixels[i] =
          (smooth ? between(unscaled, c, x - 0.5f, y - 0.5f) : at(unscaled, c, (int) x, (int) y))
              + grain * (random.nextFloat() - 0.5f);
    }
    long nanos = System.nanoTime() - start;
    return new Decoded(
        Pixels.takeOver(pixels, 1, 8 * h, 8 * w),
        List.of(nanos),
        nanos,
        Map.of(
            "model", model,
            "seed", options.noise().toString(),
            "schedule", options.schedule().toString(),
            "clamp", options.clamp().id()),
        List.of());
  }

  private static float at(Latents latents, int c, int x, int y) {
    int cx = Math.min(Math.max(x, 0), latents.width() - 1);
    int cy = Math.min(Math.max(y, 0), latents.height() - 1);
    return latents.values().get((c * latents.height() + cy) * latents.width() + cx);
  }

  private static float between(Latents latents, int c, float x, float y) {
    int left = (int) Math.floor(x);
    int top = (int) Math.floor(y);
    float fx = x - left;
    float fy = y - top;
    return (1 - fy) * ((1 - fx) * at(latents, c, left, top) + fx * at(latents, c, left + 1, top))
        + fy * ((1 - fx) * at(latents, c, left, top + 1) + fx * at(latents, c, left + 1, top + 1));
  }

  @Override
  public void close() {}
}
