package io.github.consistencydecoder.server.http.body;

import io.github.consistencydecoder.server.core.ServiceException;
import io.github.consistencydecoder.server.wire.TensorFields;
import io.github.consistencydecoder.server.wire.TensorType;
import io.github.consistencydecoder.server.wire.WireTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor found in a file; there are as many bytes as shape and element type need.
 *
 * @param element type of the elements
 * @param shape outermost first
 * @param data view of the file, little endian, row-major
 */
record FileTensor(Element element, List<Long> shape, ByteBuffer data) {
  /** What elements a file can have. */
  enum Element {
    FLOAT16(2),
    BFLOAT16(2),
    FLOAT32(4),
    FLOAT64(8),
    UINT8(1),
    /** One byte, not to be computed with here. */
    OTHER_1(1),
    /** Two bytes, not to be computed with here. */
    OTHER_2(2),
    /** Four bytes, not to be computed with here. */
    OTHER_4(4),
    /** Eight bytes, not to be computed with here. */
    OTHER_8(8);

    private final int bytes;

    Element(int bytes) {
      this.bytes = bytes;
    }

    int bytes() {
      return bytes;
    }

    boolean floating() {
      return this == FLOAT16 || this == BFLOAT16 || this == FLOAT32 || this == FLOAT64;
    }
  }

  /**
   * As the rest of the service knows tensors; three dimensions count as a batch of one, doubles
   * become floats.
   *
   * @throws ServiceException {@code INVALID}
   */
  WireTensor wire(TensorFields fields) throws ServiceException {
    List<Long> dimensions = new ArrayList<>(shape);
    if (dimensions.size() == 3) {
      dimensions.add(0, 1L);
    }
    return switch (element) {
      case FLOAT16 -> WireTensor.of(fields, TensorType.FLOAT16, dimensions, data);
      case BFLOAT16 -> WireTensor.of(fields, TensorType.BFLOAT16, dimensions, data);
      case FLOAT32 -> WireTensor.of(fields, TensorType.FLOAT32, dimensions, data);
      case UINT8 -> WireTensor.of(fields, TensorType.UINT8, dimensions, data);
      case FLOAT64 -> WireTensor.of(fields, TensorType.FLOAT32, dimensions, narrowed());
      case OTHER_1, OTHER_2, OTHER_4, OTHER_8 ->
          throw ServiceException.invalid(
              fields.type(), "elements of this type cannot be latents or a picture");
    };
  }

  private ByteBuffer narrowed() {
    ByteBuffer in = data.slice().order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer out = ByteBuffer.allocate(in.remaining() / 2).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      out.putFloat((float) in.getDouble());
    }
    return out.flip();
  }

  /** Bytes that such a tensor has, or -1 if that is more than a file can have. */
  static long bytes(Element element, List<Long> shape) {
    long product = element.bytes();
    boolean empty = false;
    for (long d : shape) {
      if (d == 0) {
        empty = true;
      } else if (product > Integer.MAX_VALUE / d) {
        return -1;
      } else {
        product *= d;
      }
    }
    return empty ? 0 : product;
  }
}
