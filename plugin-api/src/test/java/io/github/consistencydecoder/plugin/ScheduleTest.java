package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {
  /** Four steps: positions 1, 3/4, 1/2, 1/4 give i = 1023, 767, 511, 255. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"1 | 1008", "2 | 1008,512", "4 | 1008,768,512,256", "3 | 1008,688,352"})
  void evenStepsAreMappedAsOpenAisDecoderMapsThem(int n, String timesteps) {
    assertThat(Schedule.steps(n)).hasToString(timesteps);
  }

  @Test
  void namedSchedulesAreTheOnesOfOneAndTwoSteps() {
    assertThat(Schedule.steps(1)).isEqualTo(Schedule.ONE_STEP);
    assertThat(Schedule.steps(2)).isEqualTo(Schedule.TWO_STEPS);
  }

  @Test
  void everyNumberOfStepsGivesFallingMultiplesOfSixteen() {
    for (int n = 1; n <= 64; n++) {
      List<Integer> timesteps = Schedule.steps(n).timesteps();
      assertThat(timesteps).hasSize(n).allMatch(t -> t % 16 == 0 && t >= 16 && t <= 1008);
      List<Integer> falling = new ArrayList<>(timesteps);
      falling.sort(Collections.reverseOrder());
      assertThat(timesteps).isEqualTo(falling);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 65})
  void otherNumbersOfStepsAreRefused(int n) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.steps(n))
        .withMessage("the number of steps is 1 to 64, not " + n);
  }

  @Test
  void aScheduleReadsWhatItWrites() {
    Schedule schedule = Schedule.of(900, 100, 1);
    assertThat(Schedule.parse(schedule.toString())).isEqualTo(schedule);
    assertThat(Schedule.parse(" 900, 100 ,1")).isEqualTo(schedule);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1008,,512 | schedule '1008,,512': '' is not a timestep",
        "1008,x | schedule '1008,x': 'x' is not a timestep",
        "1024 | timestep 1024 is outside 1 .. 1023",
        "1008,0 | timestep 0 is outside 1 .. 1023"
      })
  void textThatIsNoScheduleIsRefused(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.parse(text))
        .withMessage(message);
  }

  @Test
  void noStepsAndTooManyAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(Schedule::of)
        .withMessage("a schedule has 1 to 64 timesteps, this one 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Schedule(Collections.nCopies(65, 16)))
        .withMessage("a schedule has 1 to 64 timesteps, this one 65");
  }

  @Test
  void theListIsCopied() {
    List<Integer> list = new ArrayList<>(List.of(1008, 512));
    Schedule schedule = new Schedule(list);
    list.clear();
    assertThat(schedule).isEqualTo(Schedule.TWO_STEPS);
  }
}
