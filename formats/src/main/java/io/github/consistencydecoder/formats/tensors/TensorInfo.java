package io.github.consistencydecoder.formats.tensors;

import java.nio.file.Path;
import java.util.List;

/**
 * The place and form of a tensor in a file. Everything in it has been checked against the file: the
 * bytes exist and are as many as shape, strides and element type need.
 *
 * @param name as the file spells it; for archives the attribute path joined with dots
 * @param dtype element type
 * @param shape dimensions; empty for a scalar
 * @param strides in elements, one per dimension
 * @param file real path of the file that holds the bytes
 * @param offset of the first element, in bytes from the start of {@code file}
 * @param byteLength from the first element to the end of the last one
 */
public record TensorInfo(
    String name,
    DType dtype,
    List<Long> shape,
    List<Long> strides,
    Path file,
    long offset,
    long byteLength) {
  public TensorInfo {
    shape = List.copyOf(shape);
    strides = List.copyOf(strides);
  }

  /** The same tensor under another name. */
  public TensorInfo named(String name) {
    return new TensorInfo(name, dtype, shape, strides, file, offset, byteLength);
  }

  /** Number of elements. */
  public long elements() {
    long n = 1;
    for (long d : shape) {
      n *= d;
    }
    return n;
  }

  /** Whether the elements lie row-major without gaps, so that the bytes can be used as they are. */
  public boolean contiguous() {
    if (byteLength == 0) {
      return true;
    }
    long expected = 1;
    for (int i = shape.size() - 1; i >= 0; i--) {
      if (shape.get(i) != 1 && strides.get(i) != expected) {
        return false;
      }
      expected *= shape.get(i);
    }
    return true;
  }
}
