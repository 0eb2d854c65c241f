package io.github.consistencydecoder.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.testing.Await;

/** What must hold when nothing is asked of a service: every slot free, every call accounted for. */
public final class AtRest {
  private AtRest() {}

  /**
   * Waits a moment for the last calls to be told, then checks.
   *
   * @throws AssertionError if anything is left, or the ledger does not add up
   */
  public static void require(QueuedDecodeService service) {
    try {
      Await.until("rest", () -> isQuiet(service.use()));
    } catch (IllegalStateException e) {
      throw new AssertionError("something is left: " + service.use(), e);
    }
    requireExact(service.ledger());
  }

  /** As {@link #require}, at once. */
  static void requireNow(QueuedDecodeService service) {
    assertThat(isQuiet(service.use())).as("%s", service.use()).isTrue();
    requireExact(service.ledger());
  }

  private static boolean isQuiet(JobQueue.Use use) {
    return use.waiting() == 0
        && use.waitingNanos() == 0
        && use.workers() == 0
        && use.bytes() == 0
        && use.heldBytes() == 0
        && use.live() == 0;
  }

  private static void requireExact(Ledger ledger) {
    assertThat(Fixtures.ended(ledger)).as("ends in %s", ledger).isEqualTo(ledger.accepted());
  }
}
