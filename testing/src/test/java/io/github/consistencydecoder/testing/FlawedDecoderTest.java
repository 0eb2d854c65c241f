package io.github.consistencydecoder.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.LatentDecoder;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The contract notices every way of breaking it. */
class FlawedDecoderTest {
  @Test
  void everyFlawIsNoticedAndEveryRuleNoticesOne() throws Exception {
    Set<String> rules = new TreeSet<>();
    for (var method : LatentDecoderContract.class.getDeclaredMethods()) {
      if (method.isAnnotationPresent(Test.class)) {
        rules.add(method.getName());
      }
    }
    Set<String> broken = new TreeSet<>();
    for (Flaw flaw : Flaw.values()) {
      if (flaw != Flaw.NONE) {
        broken.add(ruleThatFails(flaw));
      }
    }
    assertThat(broken).hasSizeGreaterThan(15).isEqualTo(rules);
  }

  /** The name of the contract's method at the bottom of the failure. */
  private static String ruleThatFails(Flaw flaw) throws Exception {
    LatentDecoderContract contract =
        new LatentDecoderContract() {
          @Override
          protected LatentDecoder open() {
            return new FlawedDecoder(flaw);
          }
        };
    try {
      flaw.rule.check(contract);
    } catch (AssertionError | RuntimeException e) {
      return Arrays.stream(e.getStackTrace())
          .filter(frame -> frame.getClassName().equals(LatentDecoderContract.class.getName()))
          .reduce((inner, outer) -> outer)
          .orElseThrow()
          .getMethodName();
    }
    throw new AssertionError(flaw + " was not noticed");
  }
}
