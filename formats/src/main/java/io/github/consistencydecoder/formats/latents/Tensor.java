package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.plugin.LatentScale;
import java.util.List;
import java.util.Optional;

/** A tensor as a file held it, widened to float32. Holds its values without copying them. */
final class Tensor {
  private final float[] values;
  private final List<Long> shape;
  private final Optional<LatentScale> declared;
  private final String declaredBy;

  /**
   * @param values row-major; not copied
   * @param shape as in the file
   */
  Tensor(float[] values, List<Long> shape) {
    this(values, shape, Optional.empty(), "");
  }

  /**
   * @param values row-major; not copied
   * @param shape as in the file
   * @param declared the scale that the file itself states, if it does
   * @param declaredBy how it does; empty if it does not
   */
  Tensor(float[] values, List<Long> shape, Optional<LatentScale> declared, String declaredBy) {
    this.values = values;
    this.shape = List.copyOf(shape);
    this.declared = declared;
    this.declaredBy = declaredBy;
  }

  /** The array itself. */
  float[] values() {
    return values;
  }

  List<Long> shape() {
    return shape;
  }

  Optional<LatentScale> declared() {
    return declared;
  }

  String declaredBy() {
    return declaredBy;
  }
}
