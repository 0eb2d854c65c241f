package io.github.consistencydecoder.server.core;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;

/** The last look at what a model gave: a value that is no number never leaves the service. */
final class Finite {
  private Finite() {}

  /**
   * @throws DecoderException {@link DecoderErrorCode#RUNTIME_FAILED}
   */
  static void require(Pixels pixels) {
    require("picture", pixels.values());
  }

  /**
   * @throws DecoderException {@link DecoderErrorCode#RUNTIME_FAILED}
   */
  static void require(Latents latents) {
    require("latent", latents.values());
  }

  private static void require(String thing, FloatBuffer values) {
    // A sum of zeros times values is zero unless one of them is not finite; no branch a value.
    float sum = 0;
    for (int i = 0, n = values.remaining(); i < n; i++) {
      sum += 0 * values.get(i);
    }
    if (sum != 0) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED,
          "the model gave a " + thing + " with values that are NaN or infinite");
    }
  }
}
