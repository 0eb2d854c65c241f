package io.github.consistencydecoder.server.request;

import static io.github.consistencydecoder.server.request.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.Schedule;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class SamplingRulesTest {
  @Test
  void schedulesFallStrictlyWithin1To1023() throws ServiceException {
    assertThat(SamplingRules.schedule("t", List.of())).isEqualTo(Schedule.TWO_STEPS);
    assertThat(SamplingRules.schedule("t", List.of(1023, 1))).isEqualTo(Schedule.of(1023, 1));
    refused("t", "timestep 0", () -> SamplingRules.schedule("t", List.of(5, 0)));
    refused("t", "timestep 1024", () -> SamplingRules.schedule("t", List.of(1024)));
    assertThat(SamplingRules.schedule("t", List.of(512, 512))).isEqualTo(Schedule.of(512, 512));
    refused("t", "must not rise", () -> SamplingRules.schedule("t", List.of(512, 1008)));
    refused("t", "at most 64", () -> SamplingRules.schedule("t", Collections.nCopies(65, 1)));
  }

  @Test
  void stepsAreWhatScheduleTakesAndTimestepsSayTheSame() throws ServiceException {
    for (int steps = 1; steps <= 64; steps++) {
      Schedule schedule = SamplingRules.steps("s", steps);
      assertThat(schedule).isEqualTo(Schedule.steps(steps));
      assertThat(SamplingRules.schedule("t", schedule.timesteps())).isEqualTo(schedule);
    }
    for (long bad : new long[] {0, 65, -1, Long.MAX_VALUE}) {
      refused("s", bad + " steps", () -> SamplingRules.steps("s", bad));
    }
  }

  @Test
  void dialectsAreOriginalAndDiffusers() throws ServiceException {
    for (ClampMode mode : ClampMode.values()) {
      assertThat(SamplingRules.dialect("d", SamplingRules.name(mode))).isEqualTo(mode);
    }
    refused("d", "original and diffusers", () -> SamplingRules.dialect("d", "Original"));
  }
}
