package io.github.consistencydecoder.server.request;

import static io.github.consistencydecoder.server.request.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionRulesTest {
  private static DecodeOptions read(DecodeOption option, String text) throws ServiceException {
    return OptionRules.read(Map.of(option, text), o -> "f");
  }

  private static void wrong(DecodeOption option, String text, String part) {
    refused("f", part, () -> read(option, text));
  }

  @Test
  void seedsAreOneOrOneForEachPicture() throws ServiceException {
    assertThat(read(DecodeOption.SEED, "-7").noise()).isEqualTo(Noise.seeded(-7));
    assertThat(read(DecodeOption.SEED, " 1, 9223372036854775807 ").noise())
        .isEqualTo(Noise.seededPerImage(List.of(1L, Long.MAX_VALUE)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "1,,2", "1.5", "18446744073709551616", "1,2,"})
  void textThatIsNoSeedIsRefused(String text) {
    wrong(DecodeOption.SEED, text, "whole number");
  }

  @Test
  void hostileTextComesBackCleanAndShort() {
    wrong(DecodeOption.SEED, "<script>" + "x".repeat(999), "'?script?");
  }

  @Test
  void schedulesNeverRiseWithin1To1023() throws ServiceException {
    assertThat(OptionRules.read(Map.of(), o -> "f").schedule()).isEqualTo(Schedule.TWO_STEPS);
    for (String right : List.of("1023,1", "512,512")) {
      assertThat(read(DecodeOption.SCHEDULE, right).schedule()).isEqualTo(Schedule.parse(right));
    }
    String sixtyFive = IntStream.range(0, 65).mapToObj(i -> "1").collect(Collectors.joining(","));
    for (String bad : List.of("5,0", "1024", "512,1008", sixtyFive)) {
      wrong(DecodeOption.SCHEDULE, bad, "1 to 64 timesteps of 1 to 1023 are needed");
    }
  }

  @Test
  void stepsAreWhatScheduleTakesAndTimestepsSayTheSame() throws ServiceException {
    for (int steps = 1; steps <= 64; steps++) {
      Schedule schedule = read(DecodeOption.STEPS, "" + steps).schedule();
      assertThat(schedule).isEqualTo(Schedule.steps(steps));
      assertThat(read(DecodeOption.SCHEDULE, schedule.toString()).schedule()).isEqualTo(schedule);
    }
    for (long bad : new long[] {0, 65, -1, Long.MAX_VALUE}) {
      wrong(DecodeOption.STEPS, "" + bad, "'" + bad + "' is no number of steps");
    }
  }

  @Test
  void dialectsAreOriginalAndDiffusers() throws ServiceException {
    for (ClampMode mode : ClampMode.values()) {
      assertThat(read(DecodeOption.DIALECT, mode.dialect()).clamp()).isEqualTo(mode);
    }
    wrong(DecodeOption.DIALECT, "Original", "original and diffusers");
  }

  @Test
  void whatSaysTheSameInTwoWaysIsRefused() {
    refused(
        "f",
        "one of them is needed",
        () ->
            OptionRules.read(
                Map.of(DecodeOption.STEPS, "2", DecodeOption.SCHEDULE, "5"), o -> "f"));
  }
}
