package io.github.consistencydecoder.models.network.onnx;

import com.google.protobuf.ByteString;
import io.github.consistencydecoder.models.network.onnx.proto.AttributeProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes attributes of nodes. */
final class Attribute {
  private Attribute() {}

  static AttributeProto of(String name, long value) {
    return start(name, AttributeProto.AttributeType.INT).setI(value).build();
  }

  static AttributeProto of(String name, float value) {
    return start(name, AttributeProto.AttributeType.FLOAT).setF(value).build();
  }

  static AttributeProto of(String name, String value) {
    return start(name, AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  static AttributeProto of(String name, long... values) {
    AttributeProto.Builder b = start(name, AttributeProto.AttributeType.INTS);
    for (long v : values) {
      b.addInts(v);
    }
    return b.build();
  }

  /** A tensor of one whole number. */
  static AttributeProto tensor(String name, long value) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return start(name, AttributeProto.AttributeType.TENSOR)
        .setT(
            TensorProto.newBuilder()
                .addDims(1)
                .setDataType(ElementType.INT64.onnx())
                .setRawData(ByteString.copyFrom(bytes.putLong(value).flip())))
        .build();
  }

  private static AttributeProto.Builder start(String name, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }
}
