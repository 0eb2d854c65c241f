package io.github.consistencydecoder.core.noise;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

@SuppressWarnings("FloatingPointLiteralPrecision") // nine digits, as PyTorch printed them
class MersenneTwisterTest {
  @Test
  void firstWordsAreThePublishedOnes() {
    assertThat(words(0, 4)).containsExactly(0x8c7f0aac, 0x97c4aa2f, 0xb716a675, 0xd821ccc0);
    assertThat(words(42, 4)).containsExactly(0x5fe1dc66, 0xcbea3db3, 0xf362035c, 0x2ef5950e);
  }

  /** The value that the C++ standard prescribes for std::mt19937 (default seed 5489). */
  @Test
  void tenThousandthWordIsTheStandardsOwn() {
    assertThat(words(5489, 10_000)[9_999]).isEqualTo((int) 4123659995L);
  }

  @Test
  void floatsAreTheLowTwentyFourBits() {
    TorchCpuGenerator.MersenneTwister twister = new TorchCpuGenerator.MersenneTwister(0);
    assertThat(new float[] {twister.nextFloat(), twister.nextFloat(), twister.nextFloat()})
        .containsExactly(0.49625659f, 0.768221796f, 0.0884774327f);
  }

  @Test
  void doublesTakeTheFirstWordAsTheHighHalf() {
    long bits = (0x8c7f0aacL << 32 | 0x97c4aa2fL) & ((1L << 53) - 1);
    assertThat(new TorchCpuGenerator.MersenneTwister(0).nextDouble()).isEqualTo(bits * 0x1p-53);
  }

  @Test
  void fillingEqualsSingleFloatsAcrossRegenerations() {
    TorchCpuGenerator.MersenneTwister filled = new TorchCpuGenerator.MersenneTwister(42);
    TorchCpuGenerator.MersenneTwister single = new TorchCpuGenerator.MersenneTwister(42);
    filled.nextWord();
    single.nextWord();
    float[] values = new float[2000];
    filled.fill(values, 3, 1990);
    for (int i = 0; i < 1990; i++) {
      assertThat(values[3 + i]).as("value %d", i).isEqualTo(single.nextFloat());
    }
    assertThat(filled.nextWord()).isEqualTo(single.nextWord());
    assertThat(new float[] {values[0], values[2], values[1993]}).containsOnly(0f);
  }

  @Test
  void onlyTheLowThirtyTwoBitsOfTheSeedCount() {
    assertThat(words(7 + (1L << 32), 3)).isEqualTo(words(7, 3));
    assertThat(words(-1, 3)).isEqualTo(words(4294967295L, 3));
  }

  private static int[] words(long seed, int n) {
    TorchCpuGenerator.MersenneTwister twister = new TorchCpuGenerator.MersenneTwister(seed);
    int[] words = new int[n];
    for (int i = 0; i < n; i++) {
      words[i] = twister.nextWord();
    }
    return words;
  }
}
