package io.github.consistencydecoder.core.noise;

import static io.github.consistencydecoder.core.noise.BoxMuller.BLOCK;

/**
 * Standard-normal values as {@code torch.randn(n, generator=torch.Generator("cpu"))} draws them.
 *
 * <p>float32 values of {@code n >= 16} are bit-equal to PyTorch's on x86 with AVX2 and within 2e-6
 * of it elsewhere. Fewer than 16 values are another algorithm there and so here: pairs in double
 * precision, of which the generator keeps the second one for the next such request. float64 values
 * and those of {@code n < 16} depend on the C library's log, sin and cos in the last bit of a
 * double.
 *
 * <p>Not for use by several threads.
 */
final class TorchCpuGenerator {
  private final MersenneTwister words;
  private double kept;
  private boolean hasKept;

  /**
   * @param seed any value; only the low 32 bits count, as in PyTorch
   */
  TorchCpuGenerator(long seed) {
    words = new MersenneTwister(seed);
  }

  /** The next {@code n} values in float32. */
  float[] normal(int n) {
    float[] dst = new float[n];
    normal(dst, 0, n);
    return dst;
  }

  /** The next {@code n} values in float32, into {@code dst[from .. from + n - 1]}. */
  void normal(float[] dst, int from, int n) {
    if (n < BLOCK) {
      for (int i = 0; i < n; i++) {
        dst[from + i] = (float) single();
      }
      return;
    }
    words.fill(dst, from, n);
    BoxMuller.transform(dst, from, n / BLOCK);
    if (n % BLOCK != 0) {
      // PyTorch draws a whole block afresh for the tail and overwrites the last 16 values.
      words.fill(dst, from + n - BLOCK, BLOCK);
      BoxMuller.transform(dst, from + n - BLOCK);
    }
  }

  /** The next {@code n} values in float64. */
  double[] normalDouble(int n) {
    double[] dst = new double[n];
    if (n < BLOCK) {
      for (int i = 0; i < n; i++) {
        dst[i] = single();
      }
      return dst;
    }
    fill(dst, 0, n);
    for (int i = 0; i + BLOCK <= n; i += BLOCK) {
      BoxMuller.transform(dst, i);
    }
    if (n % BLOCK != 0) {
      fill(dst, n - BLOCK, BLOCK);
      BoxMuller.transform(dst, n - BLOCK);
    }
    return dst;
  }

  /**
   * The next {@code n} values in float16, widened to float: what PyTorch 2.13 draws, float32 values
   * rounded at the end. Earlier releases draw entirely different ones.
   */
  float[] normalHalf(int n) {
    float[] dst = new float[n];
    if (n < BLOCK) {
      normal(dst, 0, n);
    } else {
      // Unlike in float32 the tail's block is drawn right after the last whole block.
      for (int i = 0; i + BLOCK <= n; i += BLOCK) {
        normal(dst, i, BLOCK);
      }
      if (n % BLOCK != 0) {
        normal(dst, n - BLOCK, BLOCK);
      }
    }
    for (int i = 0; i < n; i++) {
      dst[i] = toHalf(dst[i]);
    }
    return dst;
  }

  private double single() {
    if (hasKept) {
      hasKept = false;
      return kept;
    }
    double u1 = words.nextDouble();
    double u2 = words.nextDouble();
    double radius = StrictMath.sqrt(-2 * StrictMath.log1p(-u2));
    double angle = 2 * Math.PI * u1;
    kept = radius * StrictMath.sin(angle);
    hasKept = true;
    return radius * StrictMath.cos(angle);
  }

  private void fill(double[] dst, int from, int n) {
    for (int i = 0; i < n; i++) {
      dst[from + i] = words.nextDouble();
    }
  }

  /** Nearest float16, ties to even; for values within the range of float16. */
  private static float toHalf(float v) {
    double unit = Math.scalb(1.0, Math.max(Math.getExponent(v), -14) - 10);
    return (float) (Math.rint(v / unit) * unit);
  }
}
