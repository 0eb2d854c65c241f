package io.github.consistencydecoder.server.core;

import java.util.EnumMap;
import java.util.Map;

/** The counts of the {@link Ledger}; for use under the lock of the {@link JobQueue} only. */
class Counts {
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
