package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.runtime.SessionPool.Hold;
import io.github.consistencydecoder.core.runtime.SessionPool.Size;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions are numbers, in the order in which they were opened. */
@Timeout(60)
class SessionPoolTest {
  private static final Size SMALL = new Size(512, 512);
  private static final Size WIDE = new Size(512, 768);
  private static final Size LARGE = new Size(1024, 1024);
  private static final Cancellation NEVER = new Cancellation();

  private final AtomicInteger opened = new AtomicInteger();
  private final Set<Integer> closed = Collections.synchronizedSet(new HashSet<>());
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private SessionPool<Integer> pool(int most) {
    return new SessionPool<>(opened.incrementAndGet(), opened::incrementAndGet, closed::add, most);
  }

  @AfterEach
  void endThreads() throws Exception {
    CudaFailure.forget();
    threads.shutdown();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  private static int used(SessionPool<Integer> pool, Size size) throws IOException, OrtException {
    AtomicInteger session = new AtomicInteger();
    pool.run(size, NEVER, session::set);
    return session.get();
  }

  private static SessionPool.Work<Integer> failing(String message) {
    return session -> {
      throw new OrtException(message);
    };
  }

  @Test
  void oneSizeHasOneSession() throws Exception {
    SessionPool<Integer> pool = pool(3);
    for (int i = 0; i < 3; i++) {
      assertThat(used(pool, SMALL)).isOne();
    }
    pool.close();
    assertThat(closed).containsExactly(1);
  }

  @Test
  void aSizeThatComesBackGetsASessionOfItsOwnAsLongAsThereIsRoom() throws Exception {
    SessionPool<Integer> pool = pool(2);
    assertThat(used(pool, SMALL)).isOne();
    assertThat(used(pool, WIDE)).isOne();
    assertThat(used(pool, SMALL)).isEqualTo(2);
    assertThat(used(pool, WIDE)).isOne();
    assertThat(used(pool, SMALL)).isEqualTo(2);
    // No room for a third: the one used longest ago.
    assertThat(used(pool, LARGE)).isOne();
    assertThat(used(pool, LARGE)).isOne();
    assertThat(used(pool, WIDE)).isEqualTo(2);
    assertThat(closed).isEmpty();
  }

  @Test
  void runsGoOnOneAtATime() throws Exception {
    SessionPool<Integer> pool = pool(3);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      Size size = List.of(SMALL, WIDE, LARGE).get(i % 3);
      all.add(
          threads.submit(
              () -> {
                pool.run(
                    size,
                    NEVER,
                    session -> {
                      most.accumulateAndGet(running.incrementAndGet(), Math::max);
                      Thread.onSpinWait();
                      running.decrementAndGet();
                    });
                return null;
              }));
    }
    for (Future<?> f : all) {
      f.get();
    }
    assertThat(most).hasValue(1);
  }

  /** Otherwise two decodes of two sizes would change the session at every step. */
  @Test
  void whatHoldsASizeKeepsOthersOutBetweenItsRuns() throws Exception {
    SessionPool<Integer> pool = pool(1);
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    Hold hold = pool.hold(SMALL, NEVER);
    Future<?> other =
        threads.submit(
            () -> {
              pool.run(WIDE, NEVER, session -> order.add("wide"));
              return null;
            });
    for (int step = 0; step < 2; step++) {
      pool.run(SMALL, NEVER, session -> order.add("small"));
    }
    // Of the same size: beside it.
    try (Hold second = pool.hold(SMALL, NEVER)) {
      pool.run(SMALL, NEVER, session -> order.add("small"));
      assertThat(second).isNotNull();
    }
    assertThat(order).containsExactly("small", "small", "small");
    hold.close();
    other.get();
    assertThat(order).hasSize(4).endsWith("wide");
  }

  @Test
  void whoWaitsIsPassedSoManyTimesAndNotMore() throws Exception {
    SessionPool<Integer> pool = pool(1);
    Hold hold = pool.hold(SMALL, NEVER);
    CountDownLatch wide = new CountDownLatch(1);
    Future<?> other =
        threads.submit(
            () -> {
              try (Hold unshared = pool.hold(WIDE, NEVER)) {
                wide.countDown();
                return unshared;
              }
            });
    AtomicInteger served = new AtomicInteger();
    List<Future<?>> same = new ArrayList<>();
    while (pool.waiting() == 0) {
      Thread.onSpinWait();
    }
    for (int i = 0; i < SessionPool.MOST_PASSED + 3; i++) {
      same.add(
          threads.submit(
              () -> {
                try (Hold next = pool.hold(SMALL, NEVER)) {
                  served.incrementAndGet();
                  return next;
                }
              }));
    }
    while (pool.waiting() < 4 || served.get() < SessionPool.MOST_PASSED) {
      Thread.onSpinWait();
    }
    assertThat(served).hasValue(SessionPool.MOST_PASSED);
    assertThat(wide.getCount()).isOne();
    hold.close();
    other.get();
    for (Future<?> f : same) {
      f.get();
    }
    assertThat(served).hasValue(SessionPool.MOST_PASSED + 3);
  }

  @Test
  void cancellingEndsTheWaiting() throws Exception {
    SessionPool<Integer> pool = pool(1);
    Cancellation cancellation = new Cancellation();
    try (Hold hold = pool.hold(SMALL, NEVER)) {
      Future<?> other = threads.submit(() -> pool.hold(WIDE, cancellation));
      while (pool.waiting() == 0) {
        Thread.onSpinWait();
      }
      cancellation.cancel();
      assertThatThrownBy(other::get)
          .cause()
          .isInstanceOfSatisfying(
              DecoderException.class,
              e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.CANCELLED));
      assertThat(hold).isNotNull();
    }
    assertThat(used(pool, WIDE)).isOne();
  }

  @Test
  void aSessionThatFailedIsNotUsedAgain() throws Exception {
    SessionPool<Integer> pool = pool(3);
    assertThatThrownBy(() -> pool.run(SMALL, NEVER, failing("CUDNN failure 5000")))
        .hasMessageContaining("5000");
    assertThat(closed).containsExactly(1);
    assertThat(used(pool, SMALL)).isEqualTo(2);
    assertThat(used(pool, WIDE)).isEqualTo(2);
  }

  @Test
  void oneThatWasStoppedIs() throws Exception {
    SessionPool<Integer> pool = pool(3);
    Cancellation cancellation = new Cancellation();
    assertThatThrownBy(
            () ->
                pool.run(
                    SMALL,
                    cancellation,
                    session -> {
                      cancellation.cancel();
                      throw new OrtException("Exiting due to terminate flag being set to true.");
                    }))
        .isInstanceOf(OrtException.class);
    assertThat(used(pool, SMALL)).isOne();
  }

  @Test
  void whereMemoryIsLackingTheOtherSessionsGoAndItIsTriedOnceMore() throws Exception {
    SessionPool<Integer> pool = pool(3);
    used(pool, SMALL);
    used(pool, WIDE);
    used(pool, SMALL);
    List<Integer> tried = new ArrayList<>();
    pool.run(
        LARGE,
        NEVER,
        session -> {
          tried.add(session);
          if (tried.size() == 1) {
            throw new OrtException("CUDA failure 2: out of memory");
          }
        });
    // The session of the size used longest ago, and the one that took its place.
    assertThat(tried).containsExactly(1, 3);
    assertThat(closed).containsExactlyInAnyOrder(1, 2);
    // From here on there is one.
    for (Size size : List.of(SMALL, WIDE, LARGE, SMALL, WIDE, LARGE)) {
      used(pool, size);
      assertThat(opened.get() - closed.size()).isLessThanOrEqualTo(2);
    }
    used(pool, SMALL);
    assertThat(opened.get() - closed.size()).isOne();
  }

  @Test
  void aloneItIsSaidAtOnceAndTheNextRunHasANewSession() throws Exception {
    SessionPool<Integer> pool = pool(3);
    assertThatThrownBy(() -> pool.run(SMALL, NEVER, failing("CUDA failure 2: out of memory")))
        .hasMessageContaining("out of memory");
    assertThat(opened).hasValue(1);
    assertThat(used(pool, SMALL)).isEqualTo(2);
  }

  @Test
  void aLostDevicesSessionsAreLeftToTheEndOfTheProcess() {
    SessionPool<Integer> pool = pool(3);
    assertThatThrownBy(() -> pool.run(SMALL, NEVER, failing("CUDA failure 700: illegal access")))
        .hasMessageContaining("700");
    pool.close();
    assertThat(closed).isEmpty();
    assertThat(CudaFailure.lost()).contains("CUDA failure 700: illegal access");
  }
}
