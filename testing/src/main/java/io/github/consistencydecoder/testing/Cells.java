package io.github.consistencydecoder.testing;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;

/** A model that can be computed by hand: a cell is the mean colour of its 8x8 pixels. */
public final class Cells {
  private static final int SIDE = Latents.PIXELS_PER_CELL;

  private Cells() {}

  /** Latent values {@code [batch, 4, height / 8, width / 8]}; the fourth channel is 0. */
  public static float[] means(Pixels pixels) {
    int height = pixels.height() / SIDE;
    int width = pixels.width() / SIDE;
    float[] out = new float[pixels.batch() * Latents.CHANNELS * height * width];
    FloatBuffer values = pixels.values();
    for (int i = 0; i < values.limit(); i++) {
      int x = i % pixels.width() / SIDE;
      int y = i / pixels.width() % pixels.height() / SIDE;
      int plane = i / (pixels.width() * pixels.height());
      int channel = plane / 3 * Latents.CHANNELS + plane % 3;
      out[(channel * height + y) * width + x] += values.get(i) / (SIDE * SIDE);
    }
    return out;
  }

  /** Pixel values {@code [batch, 3, 8 height, 8 width]}, of each cell 8x8 alike. */
  public static float[] blocks(Latents latents) {
    int height = SIDE * latents.height();
    int width = SIDE * latents.width();
    float[] out = new float[latents.batch() * 3 * height * width];
    FloatBuffer values = latents.values();
    for (int i = 0; i < out.length; i++) {
      int x = i % width / SIDE;
      int y = i / width % height / SIDE;
      int plane = i / (width * height);
      int channel = plane / 3 * Latents.CHANNELS + plane % 3;
      out[i] = values.get((channel * latents.height() + y) * latents.width() + x);
    }
    return out;
  }
}
