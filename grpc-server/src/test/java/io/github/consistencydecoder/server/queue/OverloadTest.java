package io.github.consistencydecoder.server.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Five times what can be done is asked for: what can be done is done, the rest is told at once. */
@Tag("measure")
class OverloadTest {
  private static final Duration BOUND = Duration.ofMillis(300);

  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private QueuedDecodeService service;

  @AfterEach
  void close() {
    service.close();
  }

  private void open() {
    controls.stepTime = Duration.ofMillis(5);
    service =
        Fixtures.builder(controls)
            .limits(new ServiceLimits(1 << 20, 8, Duration.ofSeconds(10), BOUND, 1L << 30, 1))
            .start();
    Fixtures.awaitServing(service);
  }

  /**
   * What an open-loop load saw.
   *
   * @param done completed calls in a second
   * @param rejectNanos time of each refusal, sorted
   * @param acceptedNanos time of each completed call, sorted
   */
  private record Seen(double done, List<Long> rejectNanos, List<Long> acceptedNanos) {
    long reject99() {
      return at99(rejectNanos);
    }

    long accepted99() {
      return at99(acceptedNanos);
    }

    private static long at99(List<Long> sorted) {
      return sorted.get((int) (0.99 * (sorted.size() - 1)));
    }
  }

  /** Calls in a second when one follows the other, two always in the house. */
  private double closedLoop(Duration time) throws ServiceException {
    long start = System.nanoTime();
    int n = 0;
    WaitingListener<DecodeResult> before = ask(new WaitingListener<>(), n);
    while (System.nanoTime() - start < time.toNanos()) {
      WaitingListener<DecodeResult> next = ask(new WaitingListener<>(), ++n);
      before.awaitCompletion();
      before = next;
    }
    before.awaitCompletion();
    return (n + 1) * 1e9 / (System.nanoTime() - start);
  }

  private WaitingListener<DecodeResult> ask(WaitingListener<DecodeResult> listener, int k)
      throws ServiceException {
    Latents latents = SampleLatents.scaled(k, 1, 8, 8);
    JobHandle unused =
        service.decode(
            Fixtures.within(Duration.ofSeconds(5)), latents, DecodeOptions.defaults(), listener);
    return listener;
  }

  /** Calls at a fixed rate, whatever becomes of them; times count from when a call was due. */
  private Seen openLoop(double rate, Duration time) throws ServiceException {
    List<Long> rejects = new ArrayList<>();
    List<WaitingListener<DecodeResult>> taken = new ArrayList<>();
    List<Long> due = new ArrayList<>();
    long start = System.nanoTime();
    long calls = (long) (rate * time.toNanos() / 1e9);
    Latents latents = SampleLatents.scaled(1, 1, 8, 8);
    for (long k = 0; k < calls; k++) {
      long at = start + (long) (k * 1e9 / rate);
      while (at - System.nanoTime() > 0) {
        LockSupport.parkNanos(at - System.nanoTime());
      }
      WaitingListener<DecodeResult> listener = new WaitingListener<>();
      long asked = System.nanoTime();
      try {
        JobHandle unused =
            service.decode(Fixtures.call(), latents, DecodeOptions.defaults(), listener);
        taken.add(listener);
        due.add(asked);
      } catch (ServiceException e) {
        rejects.add(System.nanoTime() - asked);
        assertThat(e.error()).isEqualTo(ServiceError.BUSY);
        assertThat(e.retryAfter()).isPresent();
      }
    }
    long end = System.nanoTime();
    List<Long> times = new ArrayList<>();
    int within = 0;
    for (int k = 0; k < taken.size(); k++) {
      taken.get(k).awaitCompletion();
      times.add(taken.get(k).endNanos() - due.get(k));
      within += taken.get(k).endNanos() - end <= 0 ? 1 : 0;
    }
    Collections.sort(rejects);
    Collections.sort(times);
    return new Seen(within * 1e9 / (end - start), rejects, times);
  }

  private void overload(Duration time) throws ServiceException {
    open();
    double most = closedLoop(Duration.ofSeconds(2));
    Seen seen = openLoop(5 * most, time);
    requireGoodput(seen, most);
    assertThat(seen.rejectNanos()).hasSizeGreaterThan((int) (2 * most));
    assertThat(seen.reject99()).isLessThan(Duration.ofMillis(20).toNanos());
    assertThat(seen.accepted99())
        .isLessThan(2 * (BOUND.toNanos() + Duration.ofMillis(12).toNanos()));
    AtRest.require(service);
    assertThat(service.ledger().expired()).isZero();
  }

  private static void requireGoodput(Seen seen, double most) {
    assertThat(seen.done()).as("of %s a second", most).isGreaterThan(0.95 * most);
  }

  @Test
  void fiveTimesTheCapacityCostsNoneOfIt() throws Exception {
    overload(Duration.ofSeconds(4));
  }

  @Tag("load")
  @Test
  void fiveTimesTheCapacityForTwoMinutesCostsNoneOfIt() throws Exception {
    overload(Duration.ofMinutes(2));
  }

  @Test
  void capacityThatIsLostUnderLoadIsNoticed() throws Exception {
    open();
    double most = closedLoop(Duration.ofSeconds(1));
    controls.stepTime = Duration.ofMillis(8);
    Seen seen = openLoop(5 * most, Duration.ofSeconds(1));
    assertThatThrownBy(() -> requireGoodput(seen, most)).isInstanceOf(AssertionError.class);
  }
}
