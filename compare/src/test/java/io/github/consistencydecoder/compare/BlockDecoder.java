package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.testing.Cells;
import io.github.consistencydecoder.testing.FakeDecoder;
import java.util.Map;
import java.util.Random;

/**
 * Fakes for which the first three channels of a latent are the mean colours of blocks of 8x8, which
 * they enlarge, smoothly or not, with some grain.
 */
public final class BlockDecoder {
  private BlockDecoder() {}

  public static LatentDecoder open(String model, boolean smooth, float grain) {
    return controls(model, smooth, grain, Map.of()).openDecoder();
  }

  /**
   * Tells how often it has decoded.
   *
   * @param details of its information
   */
  public static FakeDecoder.Controls controls(
      String model, boolean smooth, float grain, Map<String, String> details) {
    FakeDecoder.Controls controls = new FakeDecoder.Controls();
    controls.model = model;
    controls.digest = "";
    controls.bytesPerPixel = 12;
    controls.details = details;
    controls.painter = (latents, options) -> paint(latents, smooth, grain);
    return controls;
  }

  /** The latents of a picture whose sides are multiples of 8. */
  public static Latents encode(Picture picture) {
    return Latents.unscaled(
        Cells.means(picture.toPixels()), 1, 4, picture.height() / 8, picture.width() / 8);
  }

  private static float[] paint(Latents latents, boolean smooth, float grain) {
    if (latents.statistics().nonFinite() > 0) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_LATENTS,
          latents.statistics().nonFinite() + " values of the latents are not finite");
    }
    Latents unscaled = latents.to(LatentScale.UNSCALED);
    int h = latents.height();
    int w = latents.width();
    float[] pixels = Cells.blocks(unscaled);
    Random random = new Random(7);
    for (int i = 0; i < pixels.length; i++) {
      if (smooth) {
        float x = (i % (8 * w)) / 8f;
        float y = (i / (8 * w) % (8 * h)) / 8f;
        pixels[i] = between(unscaled, i / (64 * h * w), x - 0.5f, y - 0.5f);
      }
      pixels[i] += grain * (random.nextFloat() - 0.5f);
    }
    return pixels;
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
}
