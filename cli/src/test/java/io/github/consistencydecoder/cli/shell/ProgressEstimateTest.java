package io.github.consistencydecoder.cli.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ProgressEstimateTest {
  @Test
  void restTakesAsLongAsWhatWasDone() {
    assertThat(ProgressOnTerminal.estimate(Duration.ofSeconds(30), 3, 10, 0))
        .contains(Duration.ofSeconds(70));
    assertThat(ProgressOnTerminal.estimate(Duration.ofSeconds(30), 10, 10, 0))
        .contains(Duration.ZERO);
  }

  @Test
  void whatNeededNoWorkSaysNothingAboutTheRest() {
    assertThat(ProgressOnTerminal.estimate(Duration.ofSeconds(30), 93, 100, 90))
        .contains(Duration.ofSeconds(70));
  }

  @Test
  void withNothingDoneThereIsNoEstimate() {
    assertThat(ProgressOnTerminal.estimate(Duration.ofSeconds(30), 0, 10, 0)).isEmpty();
    assertThat(ProgressOnTerminal.estimate(Duration.ofSeconds(30), 9, 10, 9)).isEmpty();
    assertThat(ProgressOnTerminal.estimate(Duration.ofSeconds(30), 5, -1, 0)).isEmpty();
  }
}
