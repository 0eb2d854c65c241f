package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a plan promises. */
class BandPlanTest {
  private static final ConsistencyNetwork PUBLISHED = SyntheticWeights.publishedNetwork();
  private static final long GIB = 1L << 30;

  @Test
  void withoutALimitNothingIsSpilled() {
    BandPlan plan = BandPlan.of(PUBLISHED, true, 512, 512, Long.MAX_VALUE).orElseThrow();
    assertThat(plan.spilled()).isEmpty();
    assertThat(plan.spillBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 1024, 2048, 4096})
  void threeGibibytesAreEnoughForAnySizeUpTo4096(int side) {
    BandPlan plan = BandPlan.of(PUBLISHED, true, side, side, 3 * GIB).orElseThrow();
    assertThat(plan.peakBytes()).isLessThanOrEqualTo(3 * GIB);
  }

  @Test
  void lessMemoryMeansMoreOfTheFile() {
    BandPlan much = BandPlan.of(PUBLISHED, true, 1024, 1024, 8 * GIB).orElseThrow();
    BandPlan little = BandPlan.of(PUBLISHED, true, 1024, 1024, 2 * GIB).orElseThrow();
    assertThat(little.peakBytes()).isLessThan(much.peakBytes());
    assertThat(little.spillBytes()).isGreaterThan(much.spillBytes());
  }

  @Test
  void whatCannotBeDoneHasNoPlan() {
    assertThat(BandPlan.of(PUBLISHED, true, 512, 512, 10 << 20)).isEqualTo(Optional.empty());
  }

  @Test
  void whatIsLiveAtOnceFitsThePlan() {
    BandSchedule schedule = new BandSchedule(PUBLISHED);
    BandLayout layout = new BandLayout(520, 392, 64);
    BandMemory memory = BandMemory.of(schedule, layout, true, java.util.Set.of());
    // Independently: the skips, the input and the result of a block at full resolution.
    long plane = 4L * 520 * 392;
    long skips = plane * (320 + 320 + 320 + 320) + plane / 4 * (320 + 3 * 640);
    assertThat(memory.tensorBytes()).isGreaterThan(skips);
    assertThat(memory.tensorBytes()).isLessThan(skips + plane * (640 + 320 + 320));
  }
}
