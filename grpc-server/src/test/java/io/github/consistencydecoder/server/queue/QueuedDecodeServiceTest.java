package io.github.consistencydecoder.server.queue;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static io.github.consistencydecoder.server.fixtures.Fixtures.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QueuedDecodeServiceTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private QueuedDecodeService service;

  @BeforeEach
  void open() {
    service = open(Fixtures.shortQueue());
  }

  private QueuedDecodeService open(ServiceLimits limits) {
    // Batches are the matter of another test.
    QueuedDecodeService opened = Fixtures.builder(controls).limits(limits).mostJoined(1).start();
    Fixtures.awaitServing(opened);
    return opened;
  }

  @AfterEach
  void close() {
    controls.release();
    AtRest.require(service);
    service.close();
    assertThat(controls.open).as("open decoders").hasValue(0);
    assertThat(controls.closedWhileInside).hasValue(0);
  }

  private WaitingListener<DecodeResult> decode(CallSettings settings, long seed)
      throws ServiceException {
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    JobHandle unused =
        service.decode(
            settings,
            SampleLatents.scaled(seed, 1, 8, 8),
            DecodeOptions.builder().seed(seed).build(),
            listener);
    return listener;
  }

  private WaitingListener<DecodeResult> held() throws ServiceException {
    controls.hold();
    WaitingListener<DecodeResult> listener = decode(call(), 0);
    Await.until("the worker", () -> controls.inside.get() == 1);
    return listener;
  }

  @Test
  void aCallHearsEverythingInOrder() throws Exception {
    WaitingListener<DecodeResult> listener = decode(call(), 1);
    DecodeResult result = listener.result();
    assertThat(result.decoded().pixels().height()).isEqualTo(64);
    assertThat(result.model().ready()).isTrue();
    assertThat(result.queueNanos()).isNotNegative();
    assertThat(listener.events())
        .containsExactly(
            "accepted", "started 0", "finished 0", "started 1", "finished 1", "completed");
    assertThat(service.ledger()).isEqualTo(new Ledger(1, 1, 0, 0, 0, 0));
  }

  @Test
  void aRunningCallIsStoppedByItsTicket() throws Exception {
    controls.hold();
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    JobHandle ticket =
        service.decode(
            call(), SampleLatents.scaled(1, 1, 8, 8), DecodeOptions.defaults(), listener);
    Await.until("the decode", () -> controls.inside.get() == 1);
    ticket.cancel();
    ticket.cancel();
    assertThat(listener.failure().error()).isEqualTo(ServiceError.CANCELLED);
    assertThat(service.ledger()).isEqualTo(new Ledger(1, 0, 1, 0, 0, 0));
  }

  @Test
  void aCancelledCallIsToldOnlyWhenItsLaneIsFree() throws Exception {
    controls.disobeys = true;
    controls.hold();
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    JobHandle ticket =
        service.decode(
            call(), SampleLatents.scaled(1, 1, 8, 8), DecodeOptions.defaults(), listener);
    Await.until("the decode", () -> controls.inside.get() == 1);
    ticket.cancel();
    assertThat(listener.ended()).isFalse();
    assertThat(service.use().workers()).isEqualTo(1);
    assertThat(service.use().bytes()).isPositive();
    controls.release();
    assertThat(listener.failure().error()).isEqualTo(ServiceError.CANCELLED);
  }

  @Test
  void aWaitingCallThatIsStoppedNeverRuns() throws Exception {
    WaitingListener<DecodeResult> first = held();
    WaitingListener<DecodeResult> second = new WaitingListener<>();
    JobHandle ticket =
        service.decode(call(), SampleLatents.scaled(2, 1, 8, 8), DecodeOptions.defaults(), second);
    ticket.cancel();
    assertThat(second.failure().error()).isEqualTo(ServiceError.CANCELLED);
    assertThat(second.events()).containsExactly("accepted", "failed CANCELLED");
    controls.release();
    first.awaitCompletion();
    assertThat(service.ledger()).isEqualTo(new Ledger(2, 1, 1, 0, 0, 0));
  }

  @Test
  void aRunningCallIsStoppedAtItsDeadline() throws Exception {
    controls.hold();
    long start = System.nanoTime();
    WaitingListener<DecodeResult> listener = decode(within(Duration.ofMillis(100)), 1);
    assertThat(listener.failure().error()).isEqualTo(ServiceError.DEADLINE);
    assertThat(listener.endNanos() - start).isGreaterThan(Duration.ofMillis(99).toNanos());
    assertThat(service.ledger()).isEqualTo(new Ledger(1, 0, 0, 1, 0, 0));
  }

  @Test
  void aWaitingCallExpiresInTheQueueAndNeverRuns() throws Exception {
    WaitingListener<DecodeResult> first = held();
    WaitingListener<DecodeResult> second = decode(within(Duration.ofMillis(100)), 2);
    assertThat(second.failure().error()).isEqualTo(ServiceError.DEADLINE);
    assertThat(second.events()).containsExactly("accepted", "failed DEADLINE");
    assertThat(first.ended()).isFalse();
    controls.release();
    first.awaitCompletion();
    assertThat(controls.order).doesNotContain("2");
  }

  @Test
  void aDeadlineThatHasPassedIsRefused() {
    assertThatThrownBy(() -> decode(within(Duration.ofMillis(-1)), 1))
        .isInstanceOfSatisfying(
            ServiceException.class, e -> assertThat(e.error()).isEqualTo(ServiceError.DEADLINE));
    assertThat(service.ledger()).isEqualTo(new Ledger(0, 0, 0, 0, 0, 1));
  }

  @Test
  void aDeadlineFarAwayIsCutToTheLimit() throws Exception {
    service.close();
    service =
        open(
            new ServiceLimits(
                1 << 20, 8, Duration.ofMillis(150), Duration.ofSeconds(2), 1L << 30, 1));
    controls.hold();
    CallSettings farAway =
        new CallSettings(
            "far", "", OptionalLong.of(System.nanoTime() + Long.MAX_VALUE / 4), Priority.NORMAL);
    assertThat(decode(farAway, 1).failure().error()).isEqualTo(ServiceError.DEADLINE);
  }

  @Test
  void higherClassesGoFirstAndWithinAClassTheFirstComesFirst() throws Exception {
    WaitingListener<DecodeResult> first = held();
    List<WaitingListener<DecodeResult>> all =
        List.of(
            decode(call(Priority.LOW), 10),
            decode(call(Priority.NORMAL), 20),
            decode(call(Priority.HIGH), 30),
            decode(call(Priority.LOW), 11),
            decode(call(Priority.HIGH), 31));
    controls.order.clear();
    controls.release();
    first.awaitCompletion();
    for (WaitingListener<DecodeResult> listener : all) {
      listener.awaitCompletion();
    }
    assertThat(controls.order).containsExactly("30", "31", "20", "10", "11");
  }

  @Test
  void waitingRaisesACallAboveLaterOnesOfAHigherClass() throws Exception {
    service.close();
    // Classes are a quarter of the queue's bound apart: 25 ms.
    service =
        open(
            new ServiceLimits(
                1 << 20, 8, Duration.ofSeconds(10), Duration.ofMillis(100), 1L << 30, 1));
    WaitingListener<DecodeResult> first = held();
    WaitingListener<DecodeResult> low = decode(call(Priority.LOW), 10);
    long start = System.nanoTime();
    Await.until("60 ms", () -> System.nanoTime() - start > 60_000_000);
    WaitingListener<DecodeResult> high = decode(call(Priority.HIGH), 30);
    controls.order.clear();
    controls.release();
    first.awaitCompletion();
    low.awaitCompletion();
    high.awaitCompletion();
    assertThat(controls.order).containsExactly("10", "30");
  }

  @Test
  void aListenerThatThrowsChangesNothing() throws Exception {
    WaitingListener<DecodeResult> inner = new WaitingListener<>();
    JobHandle unused =
        service.decode(
            call(),
            SampleLatents.scaled(1, 1, 8, 8),
            DecodeOptions.defaults(),
            new CallListener<>() {
              @Override
              public void accepted(int ahead, long nanos) {
                throw new IllegalStateException("accepted");
              }

              @Override
              public void stepStarted(int step, int steps, int timestep) {
                throw new IllegalStateException("step");
              }

              @Override
              public void completed(DecodeResult result) {
                inner.completed(result);
                throw new IllegalStateException("completed");
              }

              @Override
              public void failed(ServiceException cause) {
                inner.failed(cause);
              }
            });
    inner.awaitCompletion();
    assertThat(decode(call(), 2).result().decoded().warnings()).isEmpty();
  }

  @Test
  void anUnknownModelIsNotFoundAndTheNamesAreSaid() {
    CallSettings settings = new CallSettings("x", "no_such", OptionalLong.empty(), Priority.NORMAL);
    assertThatThrownBy(() -> decode(settings, 1))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining(Fixtures.MODEL)
        .hasMessageNotContaining("no_such");
  }

  @Test
  void encodingWithoutAnEncoderIsUnimplemented() {
    Pixels pixels = Pixels.takeOver(new float[3 * 64 * 64], 1, 64, 64);
    for (String name : List.of("", Fixtures.MODEL)) {
      CallSettings settings = new CallSettings("x", name, OptionalLong.empty(), Priority.NORMAL);
      assertThatThrownBy(() -> service.encode(settings, pixels, new WaitingListener<>()))
          .isInstanceOfSatisfying(
              ServiceException.class,
              e -> assertThat(e.error()).isEqualTo(ServiceError.UNIMPLEMENTED));
    }
  }

  @Test
  void whatIsTooLargeIsRefusedWithLimitAndNeed() {
    assertTooLarge(new DecodeSize(1, 129, 128, 2), "1056768 pixels", "1048576");
    assertTooLarge(new DecodeSize(9, 8, 8, 2), "9 pictures", "8");
    int most = Integer.MAX_VALUE;
    assertTooLarge(new DecodeSize(most, most, most, 2), "pixels", "1048576");
    controls.bytesPerPixel = 1L << 20;
    assertTooLarge(new DecodeSize(1, 8, 16, 2), "8589934592 bytes", "1073741824");
  }

  private void assertTooLarge(DecodeSize size, String need, String limit) {
    assertThatThrownBy(() -> service.checkAdmission(call(), size))
        .hasMessageContaining(need)
        .hasMessageContaining(limit)
        .isInstanceOfSatisfying(
            ServiceException.class, e -> assertThat(e.error()).isEqualTo(ServiceError.TOO_LARGE));
  }

  @Test
  void aSizeThatIsNoneIsInvalid() {
    for (DecodeSize size :
        List.of(
            new DecodeSize(0, 8, 8, 2),
            new DecodeSize(1, -1, 8, 2),
            new DecodeSize(1, 8, 8, 0),
            new DecodeSize(1, 8, 8, 65))) {
      assertThatThrownBy(() -> service.predict("", size))
          .as("%s", size)
          .isInstanceOfSatisfying(
              ServiceException.class, e -> assertThat(e.error()).isEqualTo(ServiceError.INVALID));
    }
  }

  @Test
  void aFullQueueIsBusyAndSaysWhenToComeBack() throws Exception {
    controls.stepTime = Duration.ofMillis(100);
    decode(call(), 0).awaitCompletion();
    WaitingListener<DecodeResult> first = held();
    ServiceException refused = null;
    for (int k = 0; k < 100 && refused == null; k++) {
      try {
        WaitingListener<DecodeResult> unusedToo = decode(within(Duration.ofSeconds(60)), k);
      } catch (ServiceException e) {
        refused = e;
      }
    }
    assertThat(refused).isNotNull();
    assertThat(refused.error()).isEqualTo(ServiceError.BUSY);
    assertThat(refused.retryAfter().orElseThrow()).isGreaterThan(Duration.ofMillis(40));
    // Two seconds of work at 200 ms each, or at more where the machine is busy.
    assertThat(service.use().waiting()).isBetween(1, 10);
    controls.stepTime = Duration.ZERO;
    controls.release();
    first.awaitCompletion();
  }

  @Test
  void aDeadlineThatTheQueueCannotMeetIsRefused() throws Exception {
    controls.stepTime = Duration.ofMillis(100);
    decode(call(), 0).awaitCompletion();
    WaitingListener<DecodeResult> first = held();
    WaitingListener<DecodeResult> second = decode(call(), 1);
    assertThatThrownBy(() -> decode(within(Duration.ofMillis(300)), 2))
        .isInstanceOfSatisfying(
            ServiceException.class, e -> assertThat(e.error()).isEqualTo(ServiceError.DEADLINE));
    controls.release();
    first.awaitCompletion();
    second.awaitCompletion();
  }

  @Test
  void heapThatWaitsIsBounded() throws Exception {
    service.close();
    service = Fixtures.builder(controls).mostHeldBytes(100_000).start();
    Fixtures.awaitServing(service);
    WaitingListener<DecodeResult> first = held();
    float[] noise = new float[3 * 64 * 64];
    DecodeOptions options =
        DecodeOptions.builder().noise(Noise.given(List.of(noise, noise))).build();
    WaitingListener<DecodeResult> second = new WaitingListener<>();
    JobHandle unused = service.decode(call(), SampleLatents.scaled(1, 1, 8, 8), options, second);
    assertThatThrownBy(
            () ->
                service.decode(
                    call(), SampleLatents.scaled(1, 1, 8, 8), options, new WaitingListener<>()))
        .isInstanceOfSatisfying(
            ServiceException.class, e -> assertThat(e.error()).isEqualTo(ServiceError.BUSY));
    controls.release();
    first.awaitCompletion();
    second.awaitCompletion();
  }

  /** Most bytes that 24 calls of one and three pictures used together, in pictures. */
  private long mostPictures(int memory) throws ServiceException {
    service.close();
    long picture = 64 * 64 * controls.bytesPerPixel;
    service =
        open(
            new ServiceLimits(
                1 << 20, 8, Duration.ofSeconds(10), Duration.ofSeconds(2), memory * picture, 4));
    controls.mostBytesInside.set(0);
    controls.stepTime = Duration.ofMillis(5);
    List<WaitingListener<DecodeResult>> all = new java.util.ArrayList<>();
    for (int k = 0; k < 24; k++) {
      WaitingListener<DecodeResult> listener = new WaitingListener<>();
      JobHandle unused =
          service.decode(
              call(),
              SampleLatents.scaled(k, k % 4 == 0 ? 3 : 1, 8, 8),
              DecodeOptions.builder().seed(k).build(),
              listener);
      all.add(listener);
    }
    for (WaitingListener<DecodeResult> listener : all) {
      listener.awaitCompletion();
    }
    return controls.mostBytesInside.get() / picture;
  }

  @Test
  void lanesShareTheMemory() throws Exception {
    assertThat(mostPictures(3)).isEqualTo(3);
    assertThat(mostPictures(100)).as("without the bound").isGreaterThan(3);
  }

  @Test
  void readinessIsToldInOrderBeginningWithThePresent() {
    List<Readiness> told = new java.util.concurrent.CopyOnWriteArrayList<>();
    service.onReadiness(told::add);
    assertThat(told).containsExactly(Readiness.SERVING);
    service.close();
    assertThat(told).containsExactly(Readiness.SERVING, Readiness.DRAINING, Readiness.CLOSED);
  }

  @Test
  void afterCloseEverythingIsRefused() {
    service.close();
    service.close();
    assertThatThrownBy(() -> decode(call(), 1))
        .isInstanceOfSatisfying(
            ServiceException.class, e -> assertThat(e.error()).isEqualTo(ServiceError.NOT_READY));
    assertThat(service.models().get(0).ready()).isFalse();
  }
}
