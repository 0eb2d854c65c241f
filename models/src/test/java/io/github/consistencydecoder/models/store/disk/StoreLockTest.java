package io.github.consistencydecoder.models.store.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class StoreLockTest {
  @TempDir Path folder;

  @Test
  void oneHoldsItAtATime() throws Exception {
    Path file = folder.resolve("locks/a.lock");
    CountDownLatch waiting = new CountDownLatch(1);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    Future<String> second =
        StoreLock.holding(
            file,
            () -> {},
            () -> {
              Future<String> other =
                  thread.submit(() -> StoreLock.holding(file, waiting::countDown, () -> "second"));
              await(waiting);
              assertThat(other.isDone()).isFalse();
              return other;
            });
    assertThat(second.get()).isEqualTo("second");
    thread.shutdown();
  }

  @Test
  void itIsFreedWhenTheWorkFails() throws IOException {
    Path file = folder.resolve("a.lock");
    assertThatThrownBy(
            () ->
                StoreLock.holding(
                    file,
                    () -> {},
                    () -> {
                      throw new IOException("failed");
                    }))
        .hasMessage("failed");
    assertThat(StoreLock.<String>holding(file, () -> {}, () -> "free")).isEqualTo("free");
  }

  @Test
  void waitingCanBeInterrupted() throws IOException {
    Path file = folder.resolve("a.lock");
    StoreLock.<Void>holding(
        file,
        () -> {},
        () -> {
          assertThatThrownBy(
                  () ->
                      StoreLock.holding(
                          file, () -> Thread.currentThread().interrupt(), () -> "never"))
              .isInstanceOf(InterruptedIOException.class);
          assertThat(Thread.interrupted()).isTrue();
          return null;
        });
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
