package io.github.consistencydecoder.core.opening;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The waiting is checked by the decoders' contract. */
class LifetimeTest {
  @Test
  void nothingIsDoneAfterTheEnd() {
    Lifetime lifetime = new Lifetime("the thing");
    assertThat(lifetime.whileOpen(() -> 7)).isEqualTo(7);
    lifetime.end(() -> {});
    assertThatIllegalStateException()
        .isThrownBy(() -> lifetime.whileOpen(() -> 7))
        .withMessage("the thing is closed");
  }

  @Test
  void itEndsOnceEvenIfFreeingFails() {
    Lifetime lifetime = new Lifetime("the thing");
    AtomicInteger freed = new AtomicInteger();
    assertThatThrownBy(
            () ->
                lifetime.end(
                    () -> {
                      freed.incrementAndGet();
                      throw new IllegalArgumentException("no luck");
                    }))
        .hasMessage("no luck");
    lifetime.end(freed::incrementAndGet);
    assertThat(freed).hasValue(1);
  }
}
