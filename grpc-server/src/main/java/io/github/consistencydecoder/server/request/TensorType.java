package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.formats.tensors.DType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Optional;

/** Type of a tensor's elements on the wire: little endian, row-major, without padding. */
public enum TensorType {
  /** IEEE 754 binary32. */
  FLOAT32("FP32", "float32", DType.F32),
  /** IEEE 754 binary16; to it, the nearest value, halves to even. */
  FLOAT16("FP16", "float16", DType.F16),
  /** The upper half of a binary32; to it, the nearest value, halves to even. */
  BFLOAT16("BF16", "bfloat16", DType.BF16),
  /** 0 to 255; to it, the nearest value, halves to even, clamped. */
  UINT8("UINT8", "uint8", DType.U8);

  private final String inferName;
  private final String torchName;
  private final DType elements;

  TensorType(String inferName, String torchName, DType elements) {
    this.inferName = inferName;
    this.torchName = torchName;
    this.elements = elements;
  }

  /** The name in the Open Inference Protocol: FP32, FP16, BF16, UINT8. */
  public String inferName() {
    return inferName;
  }

  /** The name in PyTorch and in the Remote VAE protocol: float32, float16, bfloat16, uint8. */
  public String torchName() {
    return torchName;
  }

  /** Of an element. */
  public int bytes() {
    return elements.bytes();
  }

  /** The type of that Open Inference name, if it is one of these. */
  public static Optional<TensorType> ofInferName(String name) {
    for (TensorType type : values()) {
      if (type.inferName.equals(name)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /** The type of that PyTorch name, if it is one of these. */
  public static Optional<TensorType> ofTorchName(String name) {
    for (TensorType type : values()) {
      if (type.torchName.equals(name)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /**
   * The elements as they are; a UINT8 of 255 is 255.
   *
   * @param data whole elements from its position to its limit; borrowed, unchanged
   */
  public float[] floats(ByteBuffer data) {
    if (data.remaining() % bytes() != 0) {
      throw new IllegalArgumentException(data.remaining() + " bytes are no whole " + this);
    }
    float[] out = new float[data.remaining() / bytes()];
    elements.read(data, FloatBuffer.wrap(out));
    return out;
  }

  /**
   * Writes elements.
   *
   * @param values from position to limit; borrowed, unchanged
   * @param out advanced by what was written; its byte order does not matter
   */
  public void write(FloatBuffer values, ByteBuffer out) {
    elements.write(values, out);
  }

  /** All elements as bytes, in a new array. */
  public byte[] toBytes(FloatBuffer values) {
    ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(values.remaining(), bytes()));
    write(values, out);
    return out.array();
  }
}
