package io.github.consistencydecoder.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.testing.FlawedEncoder.Flaw;
import java.lang.reflect.InvocationTargetException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The encoders' contract passes a sound encoder and notices every way of breaking it. */
class FlawedEncoderTest {
  @Test
  void aSoundEncoderPassesEveryRule() throws Exception {
    for (var rule : LatentEncoderContract.class.getDeclaredMethods()) {
      if (rule.isAnnotationPresent(Test.class)) {
        assertThat(fails(rule.getName(), Flaw.NONE)).as(rule.getName()).isFalse();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ANY_SIZE, sidesThatEightDoesNotDivideAreTheCallersError",
    "ACCEPTS_NAN, pixelsWithNaNAreRefused",
    "IGNORES_PIXELS, otherPixelsGiveOtherLatents",
    "IGNORES_CANCELLATION, aSwitchThrownBeforehandStopsTheEncoding",
    "WORKS_AFTER_CLOSE, nothingWorksAfterClose",
    "SECOND_CLOSE_THROWS, secondCloseDoesNothing",
    "MIXES_BATCH, aBatchEqualsTheSingleEncodings",
    "FIXED_ESTIMATE, estimateGrowsWithTheWork",
  })
  void everyFlawIsNoticed(Flaw flaw, String rule) throws Exception {
    assertThat(fails(rule, flaw)).isTrue();
  }

  private static boolean fails(String rule, Flaw flaw) throws Exception {
    LatentEncoderContract contract =
        new LatentEncoderContract() {
          @Override
          protected LatentEncoder open() {
            return new FlawedEncoder(flaw);
          }
        };
    try {
      LatentEncoderContract.class.getDeclaredMethod(rule).invoke(contract);
      return false;
    } catch (InvocationTargetException e) {
      return true;
    }
  }
}
