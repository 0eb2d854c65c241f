package io.github.consistencydecoder.server.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Optional;

/** Type of a tensor's elements on the wire: little endian, row-major, without padding. */
public enum TensorType {
  /** IEEE 754 binary32. */
  FLOAT32("FP32", "float32", 4),
  /** IEEE 754 binary16; to it, the nearest value, halves to even. */
  FLOAT16("FP16", "float16", 2),
  /** The upper half of a binary32; to it, the nearest value, halves to even. */
  BFLOAT16("BF16", "bfloat16", 2),
  /** 0 to 255; to it, the nearest value, halves to even, clamped. */
  UINT8("UINT8", "uint8", 1);

  private final String inferName;
  private final String torchName;
  private final int bytes;

  TensorType(String inferName, String torchName, int bytes) {
    this.inferName = inferName;
    this.torchName = torchName;
    this.bytes = bytes;
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
    return bytes;
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
    ByteBuffer in = data.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (in.remaining() % bytes != 0) {
      throw new IllegalArgumentException(in.remaining() + " bytes are no whole " + this);
    }
    float[] out = new float[in.remaining() / bytes];
    switch (this) {
      case FLOAT32 -> in.asFloatBuffer().get(out);
      case FLOAT16 -> {
        ShortBuffer halves = in.asShortBuffer();
        for (int i = 0; i < out.length; i++) {
          out[i] = Float16.toFloat(halves.get(i));
        }
      }
      case BFLOAT16 -> {
        ShortBuffer halves = in.asShortBuffer();
        for (int i = 0; i < out.length; i++) {
          out[i] = Float16.bfloat16ToFloat(halves.get(i));
        }
      }
      case UINT8 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = in.get(i) & 0xff;
        }
      }
    }
    return out;
  }

  /**
   * Writes elements.
   *
   * @param values from position to limit; borrowed, unchanged
   * @param out advanced by what was written; its byte order does not matter
   */
  public void write(FloatBuffer values, ByteBuffer out) {
    FloatBuffer in = values.slice();
    int n = in.remaining();
    ByteBuffer to = out.slice().order(ByteOrder.LITTLE_ENDIAN);
    switch (this) {
      case FLOAT32 -> to.asFloatBuffer().put(in);
      case FLOAT16 -> {
        for (int i = 0; i < n; i++) {
          to.putShort(2 * i, Float16.fromFloat(in.get(i)));
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < n; i++) {
          to.putShort(2 * i, Float16.toBfloat16(in.get(i)));
        }
      }
      case UINT8 -> {
        for (int i = 0; i < n; i++) {
          to.put(i, (byte) Math.rint(Math.min(Math.max(in.get(i), 0f), 255f)));
        }
      }
    }
    out.position(out.position() + n * bytes);
  }

  /** All elements as bytes, in a new array. */
  public byte[] toBytes(FloatBuffer values) {
    ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(values.remaining(), bytes));
    write(values, out);
    return out.array();
  }
}
