package io.github.consistencydecoder.core.noise;

/**
 * MT19937 (Matsumoto and Nishimura, 1998), the word stream of PyTorch's CPU generator. Not for use
 * by several threads.
 */
final class MersenneTwister {
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
