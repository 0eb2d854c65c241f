package io.github.consistencydecoder.server.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Deadlines under load: nothing starts after its own, and hardly any work is done in vain. */
class DeadlineTest {
  private static final int CALLS = 2000;
  private static final int FIRST_SEED = 1000;
  private static final List<Priority> CLASSES =
      List.of(Priority.HIGH, Priority.NORMAL, Priority.LOW);

  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();

  /** Deadline by seed, of the calls whose seed that is. */
  private final Map<String, Long> deadlines = new HashMap<>();

  /**
   * A worker may lose its processor between the service's last look at the clock and the decoder's
   * first, so on a busy machine a few of thousands seem late.
   */
  private void requireNoneStartedLate() {
    int started = 0;
    int late = 0;
    for (FakeDecoder.Controls.Begun begun : controls.begins) {
      Long deadline = deadlines.get(begun.noise());
      if (deadline != null) {
        started++;
        late += begun.nanos() - deadline >= 0 ? 1 : 0;
      }
    }
    assertThat((double) late / started).as("started after the deadline").isLessThan(0.005);
  }

  @Test
  @Tag("measure")
  void nothingStartsAfterItsDeadlineAndLittleIsDoneInVain() throws Exception {
    controls.stepTime = Duration.ofNanos(500_000);
    Map<String, WaitingListener<DecodeResult>> taken = new HashMap<>();
    try (QueuedDecodeService service =
        Fixtures.builder(controls)
            .limits(
                new ServiceLimits(
                    1 << 20, 8, Duration.ofSeconds(5), Duration.ofMillis(200), 1L << 30, 2))
            .mostJoined(1)
            .start()) {
      Fixtures.awaitServing(service);
      Random random = new Random(11);
      for (int k = 0; k < CALLS; k++) {
        String seed = Integer.toString(FIRST_SEED + k);
        long deadline = System.nanoTime() + 3_000_000 + random.nextInt(100_000_000);
        WaitingListener<DecodeResult> listener = new WaitingListener<>();
        try {
          deadlines.put(seed, deadline);
          JobHandle unused =
              service.decode(
                  new CallSettings(seed, "", OptionalLong.of(deadline), CLASSES.get(k % 3)),
                  SampleLatents.scaled(k, 1, 8, 8),
                  DecodeOptions.builder().seed(FIRST_SEED + k).build(),
                  listener);
          taken.put(seed, listener);
        } catch (ServiceException e) {
          assertThat(e.error()).isIn(ServiceError.BUSY, ServiceError.DEADLINE);
        }
        LockSupport.parkNanos(150_000);
      }
      for (WaitingListener<DecodeResult> listener : taken.values()) {
        Await.until("an end", listener::ended);
      }
      AtRest.require(service);
      assertThat(service.ledger().completed()).isGreaterThan(100);
      assertThat(service.ledger().rejected()).as("there was load").isGreaterThan(100);
    }
    requireNoneStartedLate();
    long inVain =
        controls.begins.stream()
            .map(begun -> taken.get(begun.noise()))
            .filter(listener -> listener != null && !listener.events().contains("completed"))
            .count();
    assertThat((double) inVain / taken.size()).as("started in vain").isLessThan(0.05);
  }

  @Test
  void aLateStartIsNoticed() {
    deadlines.put("5", System.nanoTime() - 1);
    try (LatentDecoder decoder = controls.openDecoder()) {
      var unused =
          decoder.decode(SampleLatents.scaled(1, 1, 8, 8), DecodeOptions.builder().seed(5).build());
    }
    assertThatThrownBy(this::requireNoneStartedLate).isInstanceOf(AssertionError.class);
  }

  @Test
  void aWorkThatIsAlwaysLateIsNotTriedForEver() throws Exception {
    try (QueuedDecodeService service = Fixtures.service(controls)) {
      // It served when a picture took no time.
      controls.stepTime = Duration.ofSeconds(1);
      int refusedInARow = 0;
      // How soon it learns how long it takes depends on what else the machine does.
      for (int k = 0; k < 500 && refusedInARow < 20; k++) {
        WaitingListener<DecodeResult> listener = new WaitingListener<>();
        try {
          JobHandle unused =
              service.decode(
                  Fixtures.within(Duration.ofMillis(20)),
                  SampleLatents.scaled(1, 1, 8, 24),
                  DecodeOptions.defaults(),
                  listener);
          assertThat(listener.failure().error()).isEqualTo(ServiceError.DEADLINE);
          refusedInARow = 0;
        } catch (ServiceException e) {
          assertThat(e.error()).isEqualTo(ServiceError.DEADLINE);
          refusedInARow++;
        }
      }
      assertThat(refusedInARow).isEqualTo(20);
    }
  }
}
