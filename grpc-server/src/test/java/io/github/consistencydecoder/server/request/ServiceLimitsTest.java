package io.github.consistencydecoder.server.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServiceLimitsTest {
  @Test
  void defaultsFitThisMachine() {
    ServiceLimits limits = ServiceLimits.defaults();
    assertThat(limits.maxPixels()).isBetween(256L * 256, 2048L * 2048);
    assertThat(limits.memoryBytes()).isGreaterThanOrEqualTo(256L << 20);
    assertThat(limits.workers()).isEqualTo(1);
  }

  @Test
  void limitsThatLeaveNothingAreRefused() {
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> new ServiceLimits(63, 1, second, second, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ServiceLimits(64, 1, second, second, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ServiceLimits(64, 1, Duration.ZERO, second, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ServiceLimits(64, 1, second, second.negated(), 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
