package io.github.consistencydecoder.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;

/** Numbers as the wire has them: float32, little endian, row-major. */
final class FloatTensors {
  private FloatTensors() {}

  /**
   * A tensor.
   *
   * @param values copied
   */
  static Tensor of(FloatBuffer values, List<Long> shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values.duplicate());
    return Tensor.newBuilder()
        .setDataType(DataType.DATA_TYPE_FLOAT32)
        .addAllShape(shape)
        .setData(UnsafeByteOperations.unsafeWrap(bytes))
        .build();
  }

  /** The numbers in bytes whose count four divides; a view. */
  static FloatBuffer floats(ByteString bytes) {
    return bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
