package io.github.consistencydecoder.core.tiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tiles along one side: they cover it, their shares make 1, samples come from all of it. */
class TileAxisTest {
  @ParameterizedTest
  @CsvSource({
    "128,64,16",
    "65,64,16",
    "64,64,16",
    "3,64,16",
    "127,24,8",
    "500,48,16",
    "30,24,16",
    "40,24,23"
  })
  void sharesMakeOneInEveryPixel(int cells, int tile, int overlap) {
    TileAxis axis = new TileAxis(cells, tile, overlap);
    double[] sums = new double[8 * cells];
    for (int t = 0; t < axis.count(); t++) {
      assertThat(axis.shares(t)).hasSize(8 * axis.length());
      for (int p = 0; p < 8 * axis.length(); p++) {
        assertThat(axis.shares(t)[p]).isPositive();
        sums[8 * axis.start(t) + p] += axis.shares(t)[p];
      }
    }
    assertThat(Arrays.stream(sums).allMatch(s -> Math.abs(s - 1) < 1e-6)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"128,64,16", "65,64,16", "127,24,8", "500,48,16", "30,24,16"})
  void neighboursShareAtLeastTheOverlap(int cells, int tile, int overlap) {
    TileAxis axis = new TileAxis(cells, tile, overlap);
    assertThat(axis.length()).isLessThanOrEqualTo(tile);
    assertThat(axis.start(0)).isZero();
    assertThat(axis.start(axis.count() - 1) + axis.length()).isEqualTo(cells);
    for (int t = 1; t < axis.count(); t++) {
      assertThat(axis.start(t - 1) + axis.length() - axis.start(t)).isGreaterThanOrEqualTo(overlap);
      assertThat(axis.start(t)).isGreaterThan(axis.start(t - 1));
    }
  }

  @Test
  void aShortSideIsOneTileOfItsLength() {
    TileAxis axis = new TileAxis(40, 64, 16);
    assertThat(axis.count()).isEqualTo(1);
    assertThat(axis.length()).isEqualTo(40);
    assertThat(axis.shares(0)).containsOnly(1f);
  }

  @Test
  void tilesAreOnlyAsLargeAsTheirNumberNeeds() {
    TileAxis axis = new TileAxis(128, 64, 16);
    assertThat(axis.count()).isEqualTo(3);
    assertThat(axis.length()).isEqualTo(54);
    assertThat(new TileAxis(65, 64, 1).length()).isEqualTo(34);
    assertThat(new TileAxis(64, 64, 16).length()).isEqualTo(64);
  }

  @Test
  void sharesHaveNoStepAnywhere() {
    TileAxis axis = new TileAxis(128, 64, 16);
    float[] shares = axis.shares(0);
    for (int p = 1; p < shares.length; p++) {
      // The steepest slope of a raised cosine over 16 cells is pi / 2 / 128 pixels; 17 are shared.
      assertThat(Math.abs(shares[p] - shares[p - 1])).isLessThan(0.0124f);
    }
    assertThat(shares[shares.length - 1]).isCloseTo(0, Offset.offset(1e-4f));
  }

  @Test
  void theSampleOfASideOfOneTileIsTheSide() {
    TileAxis axis = new TileAxis(40, 64, 16);
    assertThat(axis.sample(8, 0, 1)).isEqualTo(axis.tile(0));
    assertThat(axis.sample(8, 1, 3)).isEqualTo(axis.tile(0));
    assertThat(new TileAxis(5, 64, 16).sample(8, 0, 1)).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void samplesComeInRunsFromEveryPartOfTheSide() {
    int[] sample = new TileAxis(256, 64, 0).sample(8, 0, 1);
    assertThat(sample).hasSize(64);
    for (int r = 0; r < 8; r++) {
      for (int i = 1; i < 8; i++) {
        assertThat(sample[8 * r + i]).isEqualTo(sample[8 * r] + i);
      }
      assertThat(sample[8 * r]).isBetween(32 * r, 32 * r + 24);
    }
  }

  @Test
  void severalSamplesAreTakenFromDifferentPlaces() {
    TileAxis axis = new TileAxis(256, 64, 0);
    boolean[] seen = new boolean[256];
    for (int s = 0; s < 4; s++) {
      for (int cell : axis.sample(8, s, 4)) {
        assertThat(seen[cell]).isFalse();
        seen[cell] = true;
      }
    }
    assertThat(seen).doesNotContain(false);
  }
}
