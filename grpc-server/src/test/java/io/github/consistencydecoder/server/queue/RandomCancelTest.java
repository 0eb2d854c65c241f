package io.github.consistencydecoder.server.queue;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static io.github.consistencydecoder.server.fixtures.Fixtures.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.queue.Job.Outcome;
import io.github.consistencydecoder.server.queue.Ledger.Counts;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Calls that come, go and die at any moment leave nothing behind. */
class RandomCancelTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();

  /** A service with three workers, to which four threads make calls of all kinds. */
  private void storm(QueuedDecodeService service, int calls) throws InterruptedException {
    controls.stepTime = Duration.ofMillis(1);
    controls.furtherPictures = 0.2;
    Queue<WaitingListener<DecodeResult>> listeners = new ConcurrentLinkedQueue<>();
    ScheduledExecutorService stoppers = Executors.newScheduledThreadPool(2);
    ExecutorService callers = Executors.newFixedThreadPool(4);
    for (int t = 0; t < 4; t++) {
      Random random = new Random(t);
      callers.execute(
          () -> {
            for (int k = 0; k < calls / 4; k++) {
              one(service, random, stoppers, listeners);
            }
          });
    }
    callers.shutdown();
    assertThat(callers.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    for (WaitingListener<DecodeResult> listener : listeners) {
      Await.until("an end", listener::ended);
    }
    stoppers.shutdown();
    assertThat(stoppers.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  private void one(
      QueuedDecodeService service,
      Random random,
      ScheduledExecutorService stoppers,
      Queue<WaitingListener<DecodeResult>> listeners) {
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    int kind = random.nextInt(10);
    if (kind == 0) {
      controls.failNext(new DecoderException(DecoderErrorCode.INVALID_LATENTS, "planned"));
    }
    CallSettings settings =
        kind < 3 ? within(Duration.ofNanos(random.nextInt(20_000_000))) : call();
    try {
      JobHandle ticket =
          service.decode(
              settings,
              SampleLatents.scaled(kind, kind == 1 ? 2 : 1, 8, 8 * (1 + random.nextInt(2))),
              DecodeOptions.builder().seed(kind).build(),
              listener);
      listeners.add(listener);
      if (kind > 4) {
        var unused =
            stoppers.schedule(ticket::cancel, random.nextInt(8_000), TimeUnit.MICROSECONDS);
      }
      LockSupport.parkNanos(random.nextInt(900_000));
    } catch (ServiceException e) {
      assertThat(e.error()).isIn(ServiceError.BUSY, ServiceError.DEADLINE, ServiceError.NOT_READY);
    }
  }

  private QueuedDecodeServiceBuilder builder() {
    return Fixtures.builder(controls)
        .limits(
            new ServiceLimits(
                1 << 20, 8, Duration.ofSeconds(10), Duration.ofMillis(300), 20L << 20, 3));
  }

  @Test
  void fiveHundredRandomCallsLeaveNoSlotAndNoCallBehind() throws Exception {
    survive(500);
  }

  @Tag("load")
  @Test
  void tenThousandRandomCallsLeaveNoSlotAndNoCallBehind() throws Exception {
    survive(10_000);
  }

  private void survive(int calls) throws InterruptedException {
    Set<Thread> others = Thread.getAllStackTraces().keySet();
    QueuedDecodeService service = builder().start();
    Fixtures.awaitServing(service);
    storm(service, calls);
    AtRest.require(service);
    Ledger ledger = service.ledger();
    assertThat(ledger.accepted() + ledger.rejected()).isGreaterThanOrEqualTo(calls);
    assertThat(ledger.completed()).isPositive();
    assertThat(ledger.cancelled()).isPositive();
    assertThat(controls.mostBytesInside.get()).isLessThanOrEqualTo(20L << 20);
    List<Thread> own =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> !others.contains(thread))
            .filter(thread -> thread.getName().matches("(decode|model)-.*"))
            .toList();
    assertThat(own).as("threads of the service").isNotEmpty();
    service.close();
    assertThat(controls.inside).hasValue(0);
    assertThat(controls.open).hasValue(0);
    assertThat(controls.closedWhileInside).hasValue(0);
    for (Thread thread : own) {
      thread.join(5000);
      assertThat(thread.isAlive()).as(thread.getName()).isFalse();
    }
  }

  @Test
  void aCountThatIsDroppedIsNoticed() throws Exception {
    QueuedDecodeService service =
        builder()
            .counts(
                new Counts() {
                  private int n;

                  @Override
                  void end(Outcome outcome) {
                    if (n++ != 100) {
                      super.end(outcome);
                    }
                  }
                })
            .start();
    Fixtures.awaitServing(service);
    storm(service, 200);
    assertThatThrownBy(() -> AtRest.require(service)).isInstanceOf(AssertionError.class);
    service.close();
  }

  @Test
  void aSlotThatIsNotFreeIsNoticed() throws Exception {
    QueuedDecodeService service = builder().start();
    Fixtures.awaitServing(service);
    controls.hold();
    JobHandle unused =
        service.decode(
            call(),
            SampleLatents.scaled(1, 1, 8, 8),
            DecodeOptions.defaults(),
            new WaitingListener<>());
    assertThatThrownBy(() -> AtRest.requireNow(service)).isInstanceOf(AssertionError.class);
    controls.release();
    AtRest.require(service);
    service.close();
  }
}
