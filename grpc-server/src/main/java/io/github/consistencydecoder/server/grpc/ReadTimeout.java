package io.github.consistencydecoder.server.grpc;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** How long a caller may take to read an answer. */
final class ReadTimeout {

  private final ScheduledExecutorService timer;
  private final Duration patience;
  private final long bytesPerSecond;

  /**
   * @param bytesPerSecond slower than this nobody reads on purpose
   */
  ReadTimeout(ScheduledExecutorService timer, Duration patience, long bytesPerSecond) {
    this.timer = timer;
    this.patience = patience;
    this.bytesPerSecond = bytesPerSecond;
  }

  /**
   * Does something when patience is at its end.
   *
   * @param bytes that are under way
   * @return to be cancelled when there is nothing left to wait for: it holds on to the task
   */
  Future<?> run(Runnable task, long bytes) {
    try {
      return timer.schedule(
          task, patience.toMillis() + 1000 * bytes / bytesPerSecond, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // The endpoint is closing and cuts everybody off.
      return CompletableFuture.completedFuture(null);
    }
  }
}
