package io.github.consistencydecoder.core.runtime;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * How long what runs have taken of a device's memory is kept for the next: until none has begun for
 * a while, since others on the device need it too, or until one needs more, since the two would add
 * up. Taking it anew costs a tenth of a second at 1024x1024: the runtime's allocator keeps 8 bytes
 * of the process's memory for every 256 on the device, and writes them twice (docs/benchmarks.md).
 *
 * <p>Safe for use by several threads.
 */
final class DeviceMemory implements AutoCloseable {
  /** Longer than what lies between two pictures of one job, shorter than what somebody waits. */
  static final Duration IDLE = Duration.ofSeconds(1);

  private static final ScheduledThreadPoolExecutor TIMER = timer();

  private final Duration idle;
  private final Runnable giveBack;
  private int running;
  private long held;
  private boolean closed;
  private Future<?> pending;

  /**
   * @param idle time after which memory is given back
   * @param giveBack must not throw; not called after {@link #close}
   */
  DeviceMemory(Duration idle, Runnable giveBack) {
    this.idle = idle;
    this.giveBack = giveBack;
  }

  private static ScheduledThreadPoolExecutor timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread thread = new Thread(work, "consistency-decoder-device-memory");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    // An application that decodes no more keeps no thread.
    timer.setKeepAliveTime(10, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    return timer;
  }

  /**
   * A run begins.
   *
   * @param pixels of all its pictures
   */
  synchronized void begin(long pixels) {
    cancel();
    if (held > 0 && pixels > held && running == 0) {
      giveBack.run();
      held = 0;
    }
    running++;
    held = Math.max(held, pixels);
  }

  /** A run has ended, however. */
  synchronized void end() {
    running--;
    if (running == 0 && !closed) {
      pending = TIMER.schedule(this::now, idle.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Gives back what is held at once, unless a run goes on. */
  synchronized void now() {
    if (running == 0 && held > 0 && !closed) {
      giveBack.run();
      held = 0;
    }
  }

  private void cancel() {
    if (pending != null) {
      pending.cancel(false);
      pending = null;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    cancel();
  }
}
