package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * One picture of a batch: what goes into the network's first convolution, and what becomes of the
 * last one's result. Borrows the arrays.
 *
 * @param in features, conditioning and coefficients of the batch
 * @param noisy {@code [N, 3, 8h, 8w]}
 * @param image {@code [N, 3, 8h, 8w]}
 * @param picture which one
 */
record PictureInOut(StepInputs in, float[] noisy, float[] image, int picture) {
  private static final int CELL = Latents.PIXELS_PER_CELL;
  private static final int COLOURS = ConsistencyNetwork.IMAGE_CHANNELS;

  private int width() {
    return CELL * in.width();
  }

  private int height() {
    return CELL * in.height();
  }

  /** Index of a row's first value in the images. */
  private int at(int channel, int row) {
    return ((picture * COLOURS + channel) * height() + row) * width();
  }

  /**
   * Writes rows of the network's input: the image times c_in, then the latent enlarged; zeros
   * beyond the picture.
   *
   * @param out receives {@code [7, rows, 8w]}
   * @param first row, may be -1
   */
  void input(FloatBuffer out, int first, int rows) {
    float[] line = new float[width()];
    for (int c = 0; c < ConsistencyNetwork.INPUT_CHANNELS; c++) {
      for (int row = first; row < first + rows; row++) {
        if (row < 0 || row >= height()) {
          Arrays.fill(line, 0);
        } else if (c < COLOURS) {
          int at = at(c, row);
          for (int x = 0; x < line.length; x++) {
            line[x] = noisy[at + x] * in.coefficients()[0];
          }
        } else {
          int latentChannels = ConsistencyNetwork.INPUT_CHANNELS - COLOURS;
          int cells = (picture * latentChannels + c - COLOURS) * in.height() + row / CELL;
          for (int x = 0; x < line.length; x++) {
            line[x] = in.features()[cells * in.width() + x / CELL];
          }
        }
        out.put(line);
      }
    }
  }

  /**
   * Writes rows of the image: {@code y c_out + noisy c_skip}.
   *
   * @param y {@code [3, rows, 8w]}
   */
  void output(FloatBuffer y, int first, int rows) {
    for (int c = 0; c < COLOURS; c++) {
      int at = at(c, first);
      int n = rows * width();
      y.get(image, at, n);
      for (int i = at; i < at + n; i++) {
        image[i] = image[i] * in.coefficients()[1] + noisy[i] * in.coefficients()[2];
      }
    }
  }
}
