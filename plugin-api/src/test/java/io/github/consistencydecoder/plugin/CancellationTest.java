package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CancellationTest {
  private final Cancellation cancellation = new Cancellation();
  private final AtomicInteger runs = new AtomicInteger();

  @Test
  void checkThrowsOnlyAfterCancel() {
    assertThatNoException().isThrownBy(cancellation::check);
    assertThat(cancellation.isCancelled()).isFalse();
    cancellation.cancel();
    assertThat(cancellation.isCancelled()).isTrue();
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(cancellation::check)
        .withMessage("the decode was cancelled")
        .extracting(DecoderException::code)
        .isEqualTo(DecoderErrorCode.CANCELLED);
  }

  @Test
  void checkThrowsOnAnInterruptedThreadAndLeavesItSo() {
    Thread.currentThread().interrupt();
    try {
      assertThatExceptionOfType(DecoderException.class)
          .isThrownBy(Cancellation.NEVER::check)
          .withMessage("the decode was cancelled: its thread was interrupted");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThatNoException().isThrownBy(Cancellation.NEVER::check);
  }

  @Test
  void neverRefusesToBeCancelled() {
    Cancellation.NEVER.onCancel(runs::incrementAndGet);
    assertThatIllegalStateException().isThrownBy(Cancellation.NEVER::cancel);
    assertThat(runs).hasValue(0);
  }

  @Test
  void actionsRunOnceInOrder() {
    List<Integer> order = new ArrayList<>();
    for (int k = 0; k < 3; k++) {
      int action = k;
      cancellation.onCancel(() -> order.add(action));
    }
    cancellation.cancel();
    cancellation.cancel();
    assertThat(order).containsExactly(0, 1, 2);
  }

  @Test
  void anActionRegisteredTooLateRunsAtOnce() {
    cancellation.cancel();
    cancellation.onCancel(runs::incrementAndGet).close();
    assertThat(runs).hasValue(1);
  }

  @Test
  void aClosedRegistrationIsForgotten() {
    cancellation.onCancel(runs::incrementAndGet).close();
    cancellation.cancel();
    assertThat(runs).hasValue(0);
  }

  @Test
  void theSameActionTwiceIsForgottenOnceAtATime() {
    Runnable action = runs::incrementAndGet;
    Cancellation.Registration first = cancellation.onCancel(action);
    cancellation.onCancel(action);
    first.close();
    first.close();
    cancellation.cancel();
    assertThat(runs).hasValue(1);
  }

  @Test
  void anActionMayCloseItsOwnRegistration() {
    Cancellation.Registration[] own = new Cancellation.Registration[1];
    own[0] =
        cancellation.onCancel(
            () -> {
              own[0].close();
              runs.incrementAndGet();
            });
    cancellation.cancel();
    assertThat(runs).hasValue(1);
  }

  @Test
  void anActionRunsOutsideTheLock() throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      cancellation.onCancel(
          () -> {
            try {
              assertThat(threads.submit(cancellation::isCancelled).get(30, TimeUnit.SECONDS))
                  .isTrue();
              runs.incrementAndGet();
            } catch (Exception e) {
              throw new AssertionError("another thread could not look at the switch", e);
            }
          });
      cancellation.cancel();
      assertThat(runs).hasValue(1);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aSwitchThrownByOneThreadIsSeenByAnother() throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    CountDownLatch seen = new CountDownLatch(1);
    try {
      cancellation.onCancel(seen::countDown);
      Future<?> cancelling = threads.submit(cancellation::cancel);
      assertThat(seen.await(30, TimeUnit.SECONDS)).isTrue();
      cancelling.get(30, TimeUnit.SECONDS);
      assertThat(cancellation.isCancelled()).isTrue();
    } finally {
      threads.shutdownNow();
    }
  }

  /** Whoever wins the race, the action runs once: from cancel, or from the registration itself. */
  @Test
  void registeringAndCancellingAtOnceLosesNoAction() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 500; round++) {
        Cancellation raced = new Cancellation();
        CyclicBarrier start = new CyclicBarrier(2);
        AtomicInteger ran = new AtomicInteger();
        Future<?> registering =
            threads.submit(
                () -> {
                  start.await();
                  return raced.onCancel(ran::incrementAndGet);
                });
        Future<?> cancelling =
            threads.submit(
                () -> {
                  start.await();
                  raced.cancel();
                  return null;
                });
        registering.get(30, TimeUnit.SECONDS);
        cancelling.get(30, TimeUnit.SECONDS);
        assertThat(ran).as("round %d", round).hasValue(1);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aMissingActionIsRefused() {
    assertThatNullPointerException()
        .isThrownBy(() -> cancellation.onCancel(null))
        .withMessage("action");
  }
}
