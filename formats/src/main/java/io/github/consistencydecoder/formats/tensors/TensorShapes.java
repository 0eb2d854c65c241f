package io.github.consistencydecoder.formats.tensors;

import java.util.Arrays;
import java.util.List;

/** Arithmetic on shapes of foreign origin. */
public final class TensorShapes {
  private TensorShapes() {}

  /**
   * Number of elements, or -1 if the product of the dimensions other than 0 does not fit 63 bits.
   * Overflow counts even where a 0 would hide it: other readers multiply in order.
   */
  public static long elements(List<Long> shape) {
    long product = 1;
    boolean empty = false;
    for (long d : shape) {
      if (d == 0) {
        empty = true;
      } else if (d < 0 || product > Long.MAX_VALUE / d) {
        return -1;
      } else {
        product *= d;
      }
    }
    return empty ? 0 : product;
  }

  /** Bytes of the elements, or -1 if the number does not fit 63 bits. */
  public static long bytes(List<Long> shape, DType dtype) {
    long n = elements(shape);
    return n < 0 || n > Long.MAX_VALUE / dtype.bytes() ? -1 : n * dtype.bytes();
  }

  /** Strides of a row-major tensor, in elements. */
  public static List<Long> rowMajor(List<Long> shape) {
    Long[] strides = new Long[shape.size()];
    long stride = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape.get(i));
    }
    return Arrays.asList(strides);
  }
}
