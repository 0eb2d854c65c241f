package io.github.consistencydecoder.models.network.onnx;

/** Element types of the graphs written here, with their numbers in the ONNX standard. */
public enum ElementType {
  FLOAT32(1, 4),
  INT64(7, 8),
  FLOAT16(10, 2),
  FLOAT64(11, 8);

  private final int onnx;
  private final int bytes;

  ElementType(int onnx, int bytes) {
    this.onnx = onnx;
    this.bytes = bytes;
  }

  /** {@code TensorProto.DataType}. */
  int onnx() {
    return onnx;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
