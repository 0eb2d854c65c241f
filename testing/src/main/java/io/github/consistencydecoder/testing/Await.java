package io.github.consistencydecoder.testing;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for what another thread does. */
public final class Await {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private Await() {}

  /**
   * Waits at most a minute.
   *
   * @param what for the message of the {@link AssertionError} when it does not come true
   */
  public static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("waited in vain for " + what);
      }
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted while waiting for " + what, e);
      }
    }
  }
}
