package io.github.consistencydecoder.core.diagnostics;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * A real latent of 8x8 cells and the average colours of the photograph it was made from, to see
 * whether a decoder draws what is in it. The file holds {@code [4, 8, 8]} unscaled latent values,
 * then {@code [3, 8, 8]} colours in {@code [-1, 1]}, float32 little-endian. It was made by {@code
 * make_sample_latent.py} from scikit-image's "coffee" (CC0).
 *
 * @param latents one latent
 * @param colours {@code [3, 8, 8]}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the package
record SampleLatent(Latents latents, float[] colours) {
  private static final int CELLS = 8;

  static SampleLatent bundled() {
    try (InputStream in = SampleLatent.class.getResourceAsStream("sample-latent.f32")) {
      FloatBuffer values =
          ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      float[] latent = new float[4 * CELLS * CELLS];
      float[] colours = new float[3 * CELLS * CELLS];
      values.get(latent).get(colours);
      return new SampleLatent(Latents.unscaled(latent, 1, 4, CELLS, CELLS), colours);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Pearson's correlation of the decoded picture's average colours with the photograph's, over all
   * cells and channels.
   */
  double correlation(Pixels pixels) {
    FloatBuffer values = pixels.values();
    int side = pixels.width() / CELLS;
    double[] means = new double[colours.length];
    for (int i = 0; i < values.limit(); i++) {
      int channel = i / (pixels.width() * pixels.height());
      int row = i / pixels.width() % pixels.height() / side;
      int column = i % pixels.width() / side;
      means[(channel * CELLS + row) * CELLS + column] += values.get(i) / (side * side);
    }
    double sx = 0;
    double sy = 0;
    for (int i = 0; i < means.length; i++) {
      sx += means[i];
      sy += colours[i];
    }
    double mx = sx / means.length;
    double my = sy / means.length;
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < means.length; i++) {
      xy += (means[i] - mx) * (colours[i] - my);
      xx += (means[i] - mx) * (means[i] - mx);
      yy += (colours[i] - my) * (colours[i] - my);
    }
    return xy / Math.sqrt(xx * yy);
  }
}
