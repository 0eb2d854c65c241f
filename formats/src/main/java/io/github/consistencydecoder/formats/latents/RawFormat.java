package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The form of a file of bare numbers: little-endian, row-major, nothing before or after them.
 *
 * @param shape of the tensor, 3 or 4 dimensions
 * @param half float16 instead of float32
 */
public record RawFormat(List<Long> shape, boolean half) {
  private static final int LARGEST_VALUES = 1 << 28;

  /** Copies the shape. */
  public RawFormat {
    shape = List.copyOf(shape);
  }

  /**
   * @param shape dimensions separated by commas or x, for example {@code 1,4,64,64}
   * @param dtype {@code float32} or {@code float16}
   * @throws IllegalArgumentException if they are not
   */
  public static RawFormat parse(String shape, String dtype) {
    boolean half =
        switch (dtype) {
          case "float32" -> false;
          case "float16" -> true;
          default ->
              throw new IllegalArgumentException(
                  "raw-dtype " + dtype + ": float32 or float16 is needed");
        };
    String[] parts = shape.strip().split("[,x]", -1);
    List<Long> dimensions = new ArrayList<>();
    long values = 1;
    for (int i = 0; i < parts.length; i++) {
      long dimension;
      try {
        dimension = Integer.parseInt(parts[i].strip());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "shape " + shape + ": '" + parts[i] + "' is not a number; N,4,h,w is needed", e);
      }
      if (dimension < 1 || dimension > LARGEST_VALUES / values) {
        throw new IllegalArgumentException(
            "shape " + shape + ": 1 to " + LARGEST_VALUES + " values are needed");
      }
      dimensions.add(dimension);
      values *= dimension;
    }
    if (parts.length != 3 && parts.length != 4) {
      throw new IllegalArgumentException(
          "shape " + shape + ": 4 dimensions N,4,h,w are needed, or 3 for one latent");
    }
    return new RawFormat(dimensions, half);
  }

  /**
   * The values, row-major.
   *
   * @param file the name for messages
   */
  float[] read(Path file, ByteSource source) throws IOException {
    int values = shape.stream().mapToInt(Long::intValue).reduce(1, (a, b) -> a * b);
    long needed = (long) values * dtype().bytes();
    long found = source.size();
    if (found != needed) {
      throw new FormatException(
          file.toString(),
          found
              + " bytes found, shape "
              + shape
              + (half ? " of float16" : " of float32")
              + " needs "
              + needed);
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) needed);
    source.read(0, bytes);
    float[] out = new float[values];
    dtype().read(bytes.flip(), FloatBuffer.wrap(out));
    return out;
  }

  private DType dtype() {
    return half ? DType.F16 : DType.F32;
  }
}
