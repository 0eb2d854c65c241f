package io.github.consistencydecoder.cli.latents;

import io.github.consistencydecoder.plugin.LatentScale;
import java.util.Optional;

/**
 * A tensor as a file held it, widened to float32.
 *
 * @param values row-major
 * @param shape as in the file
 * @param declared the scale that the file itself states, if it does
 * @param declaredBy the sentence that says how; empty if it does not
 */
record Tensor(float[] values, long[] shape, Optional<LatentScale> declared, String declaredBy) {
  static Tensor plain(float[] values, long[] shape) {
    return new Tensor(values, shape, Optional.empty(), "");
  }
}
