package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.request.DecodeSize;
import java.nio.FloatBuffer;
import java.util.Locale;

/**
 * A decode whose result is judged: the same latents every time, 8x8 cells, a picture of 64x64
 * pixels.
 */
final class ModelSelfCheck {
  static final DecodeSize SIZE = new DecodeSize(1, 8, 8, 2);

  /** Largest difference between two decodes on a device whose sums may be in any order. */
  static final float TOLERANCE = 0.02f;

  /** Decoders that do not clamp go a little beyond 1, never this far. */
  private static final float LARGEST = 8;

  private ModelSelfCheck() {}

  /** Scaled latents with the spread of real ones: four values a cell, from a fixed sequence. */
  static Latents latents(int batch, int height, int width) {
    float[] values = new float[batch * Latents.CHANNELS * height * width];
    long state = 0x5DEECE66DL;
    for (int i = 0; i < values.length; i++) {
      double sum = 0;
      // Four uniform numbers make a bell, near enough.
      for (int k = 0; k < 4; k++) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        sum += (state >>> 40) / (double) (1 << 24) - 0.5;
      }
      values[i] = (float) (1.5 * sum);
    }
    return Latents.scaled(values, batch, Latents.CHANNELS, height, width);
  }

  static Decoded decode(LoadedModel model, Cancellation cancellation) {
    return model
        .decoder()
        .decode(
            latents(SIZE.batch(), SIZE.height(), SIZE.width()),
            DecodeOptions.builder().seed(1).cancellation(cancellation).build());
  }

  /**
   * Whether it could be a picture at all.
   *
   * @throws SelfCheckException naming what is wrong
   */
  static void judge(Pixels pixels) throws SelfCheckException {
    FloatBuffer v = pixels.values();
    if (pixels.batch() != 1 || pixels.height() != 64 || pixels.width() != 64) {
      throw new SelfCheckException("the test picture has another size than its latents say");
    }
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < v.limit(); i++) {
      float x = v.get(i);
      if (!Float.isFinite(x)) {
        throw new SelfCheckException("the test picture has values that are NaN or infinite");
      }
      min = Math.min(min, x);
      max = Math.max(max, x);
    }
    if (min < -LARGEST || max > LARGEST) {
      throw new SelfCheckException("the test picture is far out of range");
    }
    if (max - min < 1e-3f) {
      throw new SelfCheckException("the test picture is of one colour");
    }
  }

  /**
   * Whether two pictures are one.
   *
   * @param tolerance largest difference of a value
   * @param what was compared, for the message
   */
  static void same(FloatBuffer a, FloatBuffer b, float tolerance, String what)
      throws SelfCheckException {
    float worst = a.remaining() == b.remaining() ? 0 : Float.POSITIVE_INFINITY;
    for (int i = 0; i < Math.min(a.remaining(), b.remaining()); i++) {
      float difference = Math.abs(a.get(i) - b.get(i));
      worst = difference <= worst ? worst : difference;
    }
    if (!(worst <= tolerance)) {
      throw new SelfCheckException(
          String.format(Locale.ROOT, "%s, by %.3g; at most %.3g is right", what, worst, tolerance));
    }
  }

  /** A model did not decode as it should; the message is a sentence that may leave this machine. */
  static final class SelfCheckException extends Exception {
    private static final long serialVersionUID = 1L;

    SelfCheckException(String message) {
      super(message);
    }
  }
}
