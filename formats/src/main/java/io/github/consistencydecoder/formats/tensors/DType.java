package io.github.consistencydecoder.formats.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Element types of tensors. Values are little-endian in every format. */
public enum DType {
  F64(8, true),
  F32(4, true),
  F16(2, true),
  BF16(2, true),
  /** Two float32; not computed with here. */
  C64(8, false),
  /** Not computed with here, like the two after it. */
  F8_E4M3(1, false),
  F8_E5M2(1, false),
  F8_E8M0(1, false),
  I64(8, false),
  I32(4, false),
  I16(2, false),
  I8(1, false),
  U64(8, false),
  U32(4, false),
  U16(2, false),
  U8(1, false),
  BOOL(1, false);

  private final int bytes;
  private final boolean floating;

  DType(int bytes, boolean floating) {
    this.bytes = bytes;
    this.floating = floating;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements are floating-point numbers that can be read as float32. */
  public boolean floating() {
    return floating;
  }

  /**
   * Reads elements as float32: F64 rounded, U8 as 0 to 255.
   *
   * @param from borrowed; elements from its position on; nothing of it changes
   * @param to filled from position to limit; its position does not change
   * @throws IllegalArgumentException if this is neither floating nor U8
   */
  public void read(ByteBuffer from, FloatBuffer to) {
    ByteBuffer in = from.slice().order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer out = to.slice();
    int n = out.remaining();
    switch (this) {
      case F32 -> out.put(in.asFloatBuffer().limit(n));
      case F64 -> {
        for (int i = 0; i < n; i++) {
          out.put(i, (float) in.getDouble(8 * i));
        }
      }
      case F16 -> {
        for (int i = 0; i < n; i++) {
          out.put(i, Float16.toFloat(in.getShort(2 * i)));
        }
      }
      case BF16 -> {
        for (int i = 0; i < n; i++) {
          out.put(i, Float16.bfloat16ToFloat(in.getShort(2 * i)));
        }
      }
      case U8 -> {
        for (int i = 0; i < n; i++) {
          out.put(i, in.get(i) & 0xff);
        }
      }
      case C64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, BOOL -> throw no();
    }
  }

  /**
   * Writes float32 as elements: F16 and BF16 the nearest, halves to even; U8 likewise, clamped.
   *
   * @param from borrowed, from position to limit; unchanged
   * @param to advanced by what was written; its byte order does not matter
   * @throws IllegalArgumentException if this is neither floating nor U8
   */
  public void write(FloatBuffer from, ByteBuffer to) {
    FloatBuffer in = from.slice();
    ByteBuffer out = to.slice().order(ByteOrder.LITTLE_ENDIAN);
    int n = in.remaining();
    switch (this) {
      case F32 -> out.asFloatBuffer().put(in);
      case F64 -> {
        for (int i = 0; i < n; i++) {
          out.putDouble(8 * i, in.get(i));
        }
      }
      case F16 -> {
        for (int i = 0; i < n; i++) {
          out.putShort(2 * i, Float16.fromFloat(in.get(i)));
        }
      }
      case BF16 -> {
        for (int i = 0; i < n; i++) {
          out.putShort(2 * i, Float16.toBfloat16(in.get(i)));
        }
      }
      case U8 -> {
        for (int i = 0; i < n; i++) {
          out.put(i, (byte) Math.rint(Math.min(Math.max(in.get(i), 0f), 255f)));
        }
      }
      case C64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, BOOL -> throw no();
    }
    to.position(to.position() + n * bytes);
  }

  private IllegalArgumentException no() {
    return new IllegalArgumentException(name() + " is not computed with");
  }
}
