package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.server.queue.Job.Outcome;
import java.util.EnumMap;
import java.util.Map;

/**
 * Counts of calls since the start. At rest {@code accepted = completed + cancelled + expired +
 * failed}, exactly.
 *
 * @param accepted taken into the queue
 * @param completed with a result
 * @param cancelled by the caller, or by the end of a drain
 * @param expired at their deadline, waiting or running
 * @param failed otherwise
 * @param rejected never accepted
 */
public record Ledger(
    long accepted, long completed, long cancelled, long expired, long failed, long rejected) {

  /** The counts of the {@link Ledger}; for use under the lock of the {@link JobQueue} only. */
  static class Counts {
    private final Map<Outcome, Long> ended = new EnumMap<>(Outcome.class);
    private long accepted;
    private long rejected;

    void accept() {
      accepted++;
    }

    void reject() {
      rejected++;
    }

    void end(Outcome outcome) {
      ended.merge(outcome, 1L, Long::sum);
    }

    Ledger ledger() {
      return new Ledger(
          accepted,
          of(Outcome.COMPLETED),
          of(Outcome.CANCELLED),
          of(Outcome.EXPIRED),
          of(Outcome.FAILED),
          rejected);
    }

    private long of(Outcome outcome) {
      return ended.getOrDefault(outcome, 0L);
    }
  }
}
