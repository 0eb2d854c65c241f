package io.github.consistencydecoder.formats.tensors;

/**
 * Conversions between float32 and the two 16-bit floating-point formats: IEEE 754 binary16 (sign 1,
 * exponent 5, fraction 10) and bfloat16 (the upper half of a float32).
 *
 * <p>To 16 bits: round to nearest, ties to even, as PyTorch and NumPy do; too large becomes
 * infinity, NaN stays NaN. From 16 bits: exact.
 */
public final class Float16 {
  /** 2^-24, the smallest positive binary16. */
  private static final float SMALLEST_HALF = 0x1p-24f;

  private Float16() {}

  /** The value of a binary16. */
  public static float toFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
    }
    if (exponent == 0) {
      float magnitude = fraction * SMALLEST_HALF;
      return sign == 0 ? magnitude : -magnitude;
    }
    return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
  }

  /** The binary16 nearest to a float32. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      // quiet, and as much of the payload as fits
      return (short) (sign | 0x7e00 | (magnitude >>> 13 & 0x3ff));
    }
    if (magnitude >= 0x477ff000) {
      // 65520, halfway between the largest binary16 and the next power of two
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x38800000) {
      // below 2^-14: a whole number of 2^-24
      return (short)
          (sign | (int) Math.rint(Float.intBitsToFloat(magnitude) / (double) SMALLEST_HALF));
    }
    int odd = magnitude >>> 13 & 1;
    return (short) (sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13));
  }

  /** The value of a bfloat16. */
  public static float bfloat16ToFloat(short value) {
    return Float.intBitsToFloat(value << 16);
  }

  /** The bfloat16 nearest to a float32. */
  public static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fffffff) > 0x7f800000) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
