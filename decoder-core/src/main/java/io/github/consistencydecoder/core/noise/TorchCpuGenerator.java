package io.github.consistencydecoder.core.noise;

import java.util.stream.IntStream;

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
    if (n < BoxMuller.BLOCK) {
      for (int i = 0; i < n; i++) {
        dst[from + i] = (float) single();
      }
      return;
    }
    words.fill(dst, from, n);
    BoxMuller.transform(dst, from, n / BoxMuller.BLOCK);
    if (n % BoxMuller.BLOCK != 0) {
      // PyTorch draws a whole block afresh for the tail and overwrites the last 16 values.
      words.fill(dst, from + n - BoxMuller.BLOCK, BoxMuller.BLOCK);
      BoxMuller.transform(dst, from + n - BoxMuller.BLOCK);
    }
  }

  /** The next {@code n} values in float64. */
  double[] normalDouble(int n) {
    double[] dst = new double[n];
    if (n < BoxMuller.BLOCK) {
      for (int i = 0; i < n; i++) {
        dst[i] = single();
      }
      return dst;
    }
    fill(dst, 0, n);
    for (int i = 0; i + BoxMuller.BLOCK <= n; i += BoxMuller.BLOCK) {
      BoxMuller.transform(dst, i);
    }
    if (n % BoxMuller.BLOCK != 0) {
      fill(dst, n - BoxMuller.BLOCK, BoxMuller.BLOCK);
      BoxMuller.transform(dst, n - BoxMuller.BLOCK);
    }
    return dst;
  }

  /**
   * The next {@code n} values in float16, widened to float: what PyTorch 2.13 draws, float32 values
   * rounded at the end. Earlier releases draw entirely different ones.
   */
  float[] normalHalf(int n) {
    float[] dst = new float[n];
    if (n < BoxMuller.BLOCK) {
      normal(dst, 0, n);
    } else {
      // Unlike in float32 the tail's block is drawn right after the last whole block.
      for (int i = 0; i + BoxMuller.BLOCK <= n; i += BoxMuller.BLOCK) {
        normal(dst, i, BoxMuller.BLOCK);
      }
      if (n % BoxMuller.BLOCK != 0) {
        normal(dst, n - BoxMuller.BLOCK, BoxMuller.BLOCK);
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

  /**
   * Uniform values to standard-normal ones, sixteen at a time: element j of a block and element j +
   * 8 are the radius and the angle of one pair.
   *
   * <p>The float32 form repeats the arithmetic of PyTorch's AVX2 kernel, operation by operation:
   * the Cephes polynomials (Moshier) of logf, sinf and cosf with the multiply-adds fused where that
   * kernel fuses them. {@link Math#fma(float, float, float)} rounds once on every machine, so the
   * bits do not depend on the machine either; on one without a fused multiply-add it is slow.
   */
  @SuppressWarnings("FloatingPointLiteralPrecision") // the coefficients are quoted as published
  private static final class BoxMuller {
    /** Elements of a block. */
    static final int BLOCK = 16;

    private static final int HALF = BLOCK / 2;

    /** A tenth of a millisecond of work, so that sharing it out costs little of what it gains. */
    private static final int BLOCKS_OF_A_SHARE = 1024;

    private static final float TWO_PI = (float) (2 * Math.PI);
    private static final float SQRT_HALF = 0.70710677f;

    /** PyTorch adds the mean even where it is 0, which turns a result of -0 into +0. */
    private static final float MEAN = 0f;

    private BoxMuller() {}

    /**
     * Transforms so many blocks in place, many of them on several cores: next to a GPU, which waits
     * for it, the noise of a large picture takes its time.
     */
    static void transform(float[] v, int from, int blocks) {
      int shares = blocks / BLOCKS_OF_A_SHARE;
      if (shares < 2) {
        transformShare(v, from, blocks);
        return;
      }
      IntStream.range(0, shares)
          .parallel()
          .forEach(
              i -> {
                int first = (int) ((long) blocks * i / shares);
                int end = (int) ((long) blocks * (i + 1) / shares);
                transformShare(v, from + BLOCK * first, end - first);
              });
    }

    private static void transformShare(float[] v, int from, int blocks) {
      for (int i = 0; i < blocks; i++) {
        transform(v, from + BLOCK * i);
      }
    }

    /** Transforms {@code v[from .. from + 15]} in place; uniform values in {@code [0, 1)}. */
    static void transform(float[] v, int from) {
      for (int i = from; i < from + HALF; i++) {
        float radius = (float) Math.sqrt(-2f * log(1f - v[i]));
        float angle = TWO_PI * v[i + HALF];

        // Reduce to [-pi/4, pi/4] around an even multiple j of pi/4, in three parts of pi/4.
        int j = ((int) (angle * 1.27323954473516f) + 1) & ~1;
        float y = j;
        float a = Math.fma(y, -0.78515625f, angle);
        a = Math.fma(y, -2.4187564849853515625e-4f, a);
        a = Math.fma(y, -3.77489497744594108e-8f, a);
        float z = a * a;

        float c = Math.fma(2.443315711809948e-5f, z, -1.388731625493765e-3f);
        c = Math.fma(c, z, 4.166664568298827e-2f);
        c = Math.fma(c * z, z, -(z * 0.5f)) + 1f;

        float s = Math.fma(-1.9515295891e-4f, z, 8.3321608736e-3f);
        s = Math.fma(s, z, -1.6666654611e-1f);
        s = Math.fma(s * z, a, a);

        boolean swapped = (j & 2) != 0;
        float sin = swapped ? c : s;
        float cos = swapped ? s : c;
        // The signs as bits: sin is negative in octants 4..7, cos in 2..5.
        int sinSign = (j & 4) << 29;
        int cosSign = (~(j - 2) & 4) << 29;
        v[i] = radius * Float.intBitsToFloat(Float.floatToRawIntBits(cos) ^ cosSign) + MEAN;
        v[i + HALF] = radius * Float.intBitsToFloat(Float.floatToRawIntBits(sin) ^ sinSign) + MEAN;
      }
    }

    /** The natural logarithm of a normal positive float. */
    private static float log(float x) {
      int bits = Float.floatToRawIntBits(x);
      float e = (bits >>> 23) - 126;
      float m = Float.intBitsToFloat((bits & 0x007fffff) | 0x3f000000);
      boolean low = m < SQRT_HALF;
      e -= low ? 1f : 0f;
      float r = (m - 1f) + (low ? m : 0f);
      float z = r * r;
      float y = 7.0376836292e-2f;
      y = Math.fma(y, r, -1.1514610310e-1f);
      y = Math.fma(y, r, 1.1676998740e-1f);
      y = Math.fma(y, r, -1.2420140846e-1f);
      y = Math.fma(y, r, 1.4249322787e-1f);
      y = Math.fma(y, r, -1.6668057665e-1f);
      y = Math.fma(y, r, 2.0000714765e-1f);
      y = Math.fma(y, r, -2.4999993993e-1f);
      y = Math.fma(y, r, 3.3333331174e-1f);
      y = y * r;
      y = Math.fma(y, z, e * -2.12194440e-4f);
      y = Math.fma(z, -0.5f, y);
      return Math.fma(e, 0.693359375f, r + y);
    }

    /** Transforms {@code v[from .. from + 15]} in place, in double precision. */
    static void transform(double[] v, int from) {
      for (int i = from; i < from + HALF; i++) {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - v[i]));
        double angle = 2 * Math.PI * v[i + HALF];
        v[i] = radius * StrictMath.cos(angle) + MEAN;
        v[i + HALF] = radius * StrictMath.sin(angle) + MEAN;
      }
    }
  }

  /**
   * MT19937 (Matsumoto and Nishimura, 1998), the word stream of PyTorch's CPU generator. Not for
   * use by several threads.
   */
  static final class MersenneTwister {
    private static final int N = 624;
    private static final int M = 397;
    private static final int UPPER = 0x80000000;
    private static final int LOWER = 0x7fffffff;
    private static final int TWIST = 0x9908b0df;

    private final int[] state = new int[N];
    private int position = N;

    /**
     * @param seed any value; only the low 32 bits count, as in PyTorch
     */
    MersenneTwister(long seed) {
      state[0] = (int) seed;
      for (int j = 1; j < N; j++) {
        state[j] = 1812433253 * (state[j - 1] ^ (state[j - 1] >>> 30)) + j;
      }
    }

    /** The next 32 bits. */
    int nextWord() {
      if (position == N) {
        regenerate();
      }
      return temper(state[position++]);
    }

    /** Low 24 bits of one word, times 2^-24: float32 in {@code [0, 1)}. */
    float nextFloat() {
      return (nextWord() & 0xffffff) * 0x1p-24f;
    }

    /** Low 53 bits of two words, the first one the high half, times 2^-53: in {@code [0, 1)}. */
    double nextDouble() {
      long high = nextWord();
      long low = nextWord() & 0xffffffffL;
      return ((high << 32 | low) & ((1L << 53) - 1)) * 0x1p-53;
    }

    /** {@code count} times {@link #nextFloat()}, a block of the state at a time. */
    void fill(float[] dst, int from, int count) {
      int done = 0;
      while (done < count) {
        if (position == N) {
          regenerate();
        }
        int n = Math.min(count - done, N - position);
        for (int k = 0; k < n; k++) {
          dst[from + done + k] = (temper(state[position + k]) & 0xffffff) * 0x1p-24f;
        }
        position += n;
        done += n;
      }
    }

    private static int temper(int word) {
      int y = word;
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      return y ^ (y >>> 18);
    }

    private void regenerate() {
      int[] s = state;
      for (int k = 0; k < N - M; k++) {
        s[k] = s[k + M] ^ twist(s[k], s[k + 1]);
      }
      for (int k = N - M; k < N - 1; k++) {
        s[k] = s[k + M - N] ^ twist(s[k], s[k + 1]);
      }
      s[N - 1] = s[M - 1] ^ twist(s[N - 1], s[0]);
      position = 0;
    }

    private static int twist(int a, int b) {
      int y = (a & UPPER) | (b & LOWER);
      return (y >>> 1) ^ (-(b & 1) & TWIST);
    }
  }
}
