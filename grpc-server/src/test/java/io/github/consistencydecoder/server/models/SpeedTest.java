package io.github.consistencydecoder.server.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SpeedTest {
  private final Speed speed = new Speed();

  @Test
  void nothingKnownIsNothingPredicted() {
    assertThat(speed.high(1e9)).isZero();
    assertThat(speed.least(1e9)).isZero();
  }

  @Test
  void nineInTenRunsStayBelow() {
    for (int k = 1; k <= 30; k++) {
      speed.observe(1e9, 1_000_000L * k);
    }
    assertThat(speed.high(1e9)).isCloseTo(28_000_000L, within(1000L));
    assertThat(speed.least(1e9)).isCloseTo(1_000_000L, within(1000L));
  }

  @Test
  void aRunThatWasStoppedLateRaisesWhatIsExpectedAndOneStoppedSoonChangesNothing() {
    speed.observe(1e9, 1_000_000L);
    speed.observeStopped(1e9, 100L);
    assertThat(speed.least(1e9)).isCloseTo(1_000_000L, within(1000L));
    speed.observeStopped(1e9, 10_000_000L);
    assertThat(speed.high(1e9)).isCloseTo(15_000_000L, within(1000L));
    speed.observeStopped(8e9, 6_000_000L);
    assertThat(speed.high(8e9)).as("9 ms are more than predicted").isGreaterThan(8_000_000L);
  }

  @Test
  void whatWasLongAgoIsForgotten() {
    speed.observe(1e9, 1_000_000_000L);
    for (int k = 0; k < 32; k++) {
      speed.observe(1e9, 1_000_000L);
    }
    assertThat(speed.high(1e9)).isCloseTo(1_000_000L, within(1000L));
  }

  @Test
  void largerWorkIsTakenToBeAsSlowPerOperation() {
    speed.observe(1e9, 1_000_000L);
    assertThat(speed.high(64e9)).isCloseTo(64_000_000L, within(1000L));
    assertThat(speed.least(64e9)).isCloseTo(16_000_000L, within(1000L));
  }

  @Test
  void smallerWorkTakesNoLongerThanLargerWork() {
    speed.observe(1e9, 1_000_000L);
    assertThat(speed.high(1e6)).isBetween(900_000L, 1_500_000L);
  }

  @Test
  void betweenTwoTheLowerOfBothBoundsHolds() {
    // The small one has a fixed part; per operation it would predict 100 ms for the middle one.
    speed.observe(1e6, 1_000_000L);
    speed.observe(1e9, 10_000_000L);
    assertThat(speed.high(1e8)).isBetween(9_000_000L, 15_000_000L);
  }
}
