package io.github.consistencydecoder.formats.tensors;

import static java.util.Objects.requireNonNull;

import java.util.List;

/** An array read from a {@code .npy} file. Holds its values without copying them. */
public final class NpyArray {
  private final DType dtype;
  private final List<Long> shape;
  private final float[] values;

  /**
   * @param dtype element type in the file: F16, F32, F64 or U8
   * @param shape dimensions; empty for a scalar
   * @param values row-major; not copied
   */
  NpyArray(DType dtype, List<Long> shape, float[] values) {
    this.dtype = requireNonNull(dtype, "dtype");
    this.shape = List.copyOf(shape);
    this.values = requireNonNull(values, "values");
    if (TensorShapes.elements(shape) != values.length) {
      throw new IllegalArgumentException(
          "shape " + shape + " does not hold " + values.length + " values");
    }
  }

  /** Element type in the file: F16, F32, F64 or U8. */
  public DType dtype() {
    return dtype;
  }

  /** Dimensions; empty for a scalar. */
  public List<Long> shape() {
    return shape;
  }

  /**
   * All values as float32, row-major: F64 rounded, U8 as 0 to 255. The array itself, not a copy;
   * this object does not need it again.
   */
  public float[] values() {
    return values;
  }
}
