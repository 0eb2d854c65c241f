package io.github.consistencydecoder.core.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArenaTest {
  private static final long MB = 1 << 20;

  private final Arena arena = new Arena();

  @Test
  void whatIsGivenBackIsUsedAgain() {
    arena.release(arena.allocate(10 * MB));
    arena.allocate(10 * MB);
    assertThat(arena.touched()).isEqualTo(10 * MB);
  }

  @Test
  void onlyWhatIsWrittenCountsOfARegion() {
    // A region of 16 MB.
    arena.allocate(9 * MB);
    assertThat(arena.touched()).isEqualTo(9 * MB);
    // 7 MB of it would fit, were it split; a block is split from twice the size on.
    arena.allocate(6 * MB);
    assertThat(arena.touched()).isEqualTo(15 * MB);
  }

  @Test
  void neighboursThatAreFreeMakeOneBlock() {
    // A region of 16 MB; the next one is as large.
    arena.allocate(9 * MB);
    Arena.Block a = arena.allocate(2 * MB);
    Arena.Block b = arena.allocate(2 * MB);
    Arena.Block c = arena.allocate(2 * MB);
    long before = arena.touched();
    arena.release(a);
    arena.release(c);
    arena.release(b);
    arena.allocate(6 * MB);
    assertThat(arena.touched()).isEqualTo(before);
  }

  @Test
  void holesBetweenBlocksInUseAreNotFilledByLargerOnes() {
    Arena.Block[] blocks = new Arena.Block[8];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = arena.allocate(MB);
    }
    for (int i = 0; i < blocks.length; i += 2) {
      arena.release(blocks[i]);
    }
    long before = arena.touched();
    arena.allocate(2 * MB);
    assertThat(arena.touched()).isEqualTo(before + 2 * MB);
  }
}
