package io.github.consistencydecoder.server.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class ByteBudgetTest {
  @Test
  void sharesTakeUpToTheBoundAndGiveBackOnce() {
    ByteBudget bytes = new ByteBudget(100);
    ByteBudget.Share one = bytes.share();
    ByteBudget.Share other = bytes.share();
    assertThat(one.take(60)).isTrue();
    assertThat(other.take(41)).isFalse();
    assertThat(other.take(40)).isTrue();
    assertThat(bytes.held()).isEqualTo(100);
    one.release();
    one.release();
    assertThat(bytes.held()).isEqualTo(40);
    assertThat(one.take(1)).as("taking after giving back").isFalse();
    other.release();
    assertThat(bytes.held()).isZero();
    assertThat(bytes.peak()).isEqualTo(100);
    assertThatThrownBy(() -> new ByteBudget(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void boundHoldsAndNothingIsLostWithManyThreads() throws Exception {
    ByteBudget bytes = new ByteBudget(1000);
    ExecutorService executor = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        all.add(
            executor.submit(
                () -> {
                  for (int i = 0; i < 20_000; i++) {
                    ByteBudget.Share share = bytes.share();
                    boolean unused = share.take(ThreadLocalRandom.current().nextInt(600));
                    share.release();
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      executor.shutdownNow();
    }
    assertThat(bytes.held()).isZero();
    assertThat(bytes.peak()).isBetween(1L, 1000L);
  }
}
