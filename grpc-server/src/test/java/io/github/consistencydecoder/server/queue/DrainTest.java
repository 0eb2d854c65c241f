package io.github.consistencydecoder.server.queue;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DrainTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private QueuedDecodeService service;

  @BeforeEach
  void open() {
    service = Fixtures.service(controls);
    controls.stepTime = Duration.ofMillis(2);
  }

  @AfterEach
  void close() {
    controls.release();
    service.close();
    assertThat(controls.open).hasValue(0);
    assertThat(controls.closedWhileInside).hasValue(0);
  }

  private List<WaitingListener<DecodeResult>> calls(int n) throws ServiceException {
    List<WaitingListener<DecodeResult>> all = new ArrayList<>();
    for (int k = 0; k < n; k++) {
      WaitingListener<DecodeResult> listener = new WaitingListener<>();
      JobHandle unused =
          service.decode(
              call(), SampleLatents.scaled(k, 1, 8, 8), DecodeOptions.defaults(), listener);
      all.add(listener);
    }
    return all;
  }

  @Test
  void aDrainFinishesWhatWasAcceptedAndRefusesTheRest() throws Exception {
    List<WaitingListener<DecodeResult>> all = calls(20);
    Thread drain = drainOnAnotherThread(Duration.ofSeconds(20));
    Await.until("the drain", () -> service.readiness() == Readiness.DRAINING);
    assertThatThrownBy(() -> calls(1))
        .isInstanceOfSatisfying(
            ServiceException.class,
            e -> {
              assertThat(e.error()).isEqualTo(ServiceError.NOT_READY);
              assertThat(e.retryAfter()).isPresent();
            });
    drain.join();
    for (WaitingListener<DecodeResult> listener : all) {
      assertThat(listener.ended()).as("told before drain returns").isTrue();
      listener.awaitCompletion();
    }
    AtRest.requireNow(service);
    assertThat(service.ledger()).isEqualTo(new Ledger(20, 20, 0, 0, 0, 1));
  }

  @Test
  void whatIsLeftAtTheEndOfTheGraceIsStopped() throws Exception {
    controls.hold();
    List<WaitingListener<DecodeResult>> all = calls(5);
    service.drain(Duration.ofMillis(50));
    for (WaitingListener<DecodeResult> listener : all) {
      assertThat(listener.ended()).isTrue();
      assertThat(listener.failure().error()).isEqualTo(ServiceError.NOT_READY);
    }
    AtRest.requireNow(service);
    assertThat(service.ledger()).isEqualTo(new Ledger(5, 0, 5, 0, 0, 0));
    service.drain(Duration.ZERO);
  }

  @Test
  void closeStopsEverythingAndWaitsForTheLane() throws Exception {
    controls.hold();
    List<WaitingListener<DecodeResult>> all = calls(5);
    service.close();
    for (WaitingListener<DecodeResult> listener : all) {
      assertThat(listener.failure().error()).isEqualTo(ServiceError.NOT_READY);
    }
    AtRest.requireNow(service);
    assertThat(controls.open).hasValue(0);
  }

  @Test
  void closingTwentyTimesUnderLoadNeverClosesAModelInUse() throws Exception {
    for (int round = 0; round < 20; round++) {
      if (round > 0) {
        service = Fixtures.service(controls);
      }
      List<WaitingListener<DecodeResult>> all = calls(10);
      service.close();
      for (WaitingListener<DecodeResult> listener : all) {
        assertThat(listener.ended()).isTrue();
      }
      AtRest.requireNow(service);
    }
    assertThat(controls.closedWhileInside).hasValue(0);
  }

  @Test
  void aModelThatIsClosedInUseIsNoticed() throws Exception {
    FakeDecoder.Controls other = new FakeDecoder.Controls();
    LatentDecoder decoder = other.openDecoder();
    other.hold();
    Thread user =
        new Thread(
            () -> {
              var unused =
                  decoder.decode(SampleLatents.scaled(1, 1, 8, 8), DecodeOptions.defaults());
            });
    user.start();
    Await.until("the decode", () -> other.inside.get() == 1);
    Thread closer = new Thread(decoder::close);
    closer.start();
    Await.until("the count", () -> other.closedWhileInside.get() == 1);
    other.release();
    user.join();
    closer.join();
  }

  private Thread drainOnAnotherThread(Duration grace) {
    Thread thread =
        new Thread(
            () -> {
              try {
                service.drain(grace);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    thread.start();
    return thread;
  }
}
