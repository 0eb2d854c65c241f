package io.github.consistencydecoder.core.tiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Tiles are as large as the memory allows. */
class TilePlanTest {
  /** Some 20 KB for each pixel, as the published network takes. */
  private static final TilePlan.Run NETWORK = (height, width) -> 20_000L * 64 * height * width;

  @Test
  void thePeakStaysBelowTheMemory() {
    for (long memory = 1L << 30; memory < 16L << 30; memory += 300L << 20) {
      TilePlan plan = TilePlan.of(NETWORK, 512, 512, memory).orElseThrow();
      assertThat(plan.peakBytes()).isLessThanOrEqualTo(memory);
    }
  }

  @Test
  void moreMemoryMakesLargerTiles() {
    assertThat(TilePlan.of(NETWORK, 512, 512, 1L << 30).orElseThrow().tile())
        .isLessThan(TilePlan.of(NETWORK, 512, 512, 8L << 30).orElseThrow().tile());
  }

  @Test
  void thePeakDoesNotDependOnThePicture() {
    long small = TilePlan.of(NETWORK, 400, 400, 64, 16).peakBytes();
    long large = TilePlan.of(NETWORK, 4000, 4000, 64, 16).peakBytes();
    assertThat((double) large).isBetween(0.8 * small, 1.25 * small);
  }

  @Test
  void noMemoryMakesNoPlan() {
    assertThat(TilePlan.of(NETWORK, 512, 512, 10L << 20)).isEmpty();
  }

  @Test
  void aPictureOfOneTileIsWhole() {
    TilePlan plan = TilePlan.of(NETWORK, 64, 65, 64, 16);
    assertThat(plan.isWhole(64, 64)).isTrue();
    assertThat(plan.isWhole(64, 65)).isFalse();
    assertThat(plan.isWhole(65, 64)).isFalse();
  }

  @Test
  void statisticsComeFromMoreSamplesWhereThePictureIsLargeOrTheTilesAreSmall() {
    assertThat(TilePlan.samples(1, 16)).isEqualTo(1);
    assertThat(TilePlan.samples(4, 64)).isEqualTo(1);
    assertThat(TilePlan.samples(9, 36)).isEqualTo(1);
    assertThat(TilePlan.samples(25, 16)).isEqualTo(3);
    assertThat(TilePlan.samples(121, 64)).isEqualTo(7);
  }

  @Test
  void tilesMustHaveSomethingOfTheirOwn() {
    assertThatThrownBy(() -> new TilePlan(16, 16, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16 cells cannot share 16");
  }
}
