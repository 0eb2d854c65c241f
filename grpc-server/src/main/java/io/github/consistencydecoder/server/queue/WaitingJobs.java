package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.server.request.CallSettings.Priority;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeSet;

/**
 * The calls that wait, in the order of their turns, and what they will cost together. A call is
 * counted from its acceptance and in the order from {@link #add} on.
 *
 * <p>The order is the time of acceptance plus a handicap by class: waiting raises a call above
 * later ones of a higher class, so none starves; within a class the first comes first. For use
 * under the lock of the {@link JobQueue} only.
 */
final class WaitingJobs implements Iterable<Job<?>> {
  private final long handicapNanos;
  private final long epoch = System.nanoTime();
  private final TreeSet<Job<?>> order =
      new TreeSet<>(
          Comparator.<Job<?>>comparingLong(this::turn).thenComparingLong(c -> c.sequence));
  private final Map<Priority, Sum> sums = new EnumMap<>(Priority.class);
  private long heldBytes;

  /** Of the calls of a class. */
  private static final class Sum {
    int calls;
    long nanos;
  }

  /**
   * @param handicap time by which a class is behind the next higher one
   */
  WaitingJobs(Duration handicap) {
    this.handicapNanos = handicap.toNanos();
    for (Priority p : Priority.values()) {
      sums.put(p, new Sum());
    }
  }

  private long turn(Job<?> call) {
    int classesBehind =
        switch (priority(call)) {
          case HIGH -> 0;
          case NORMAL -> 1;
          case LOW -> 2;
        };
    return call.terms.acceptedNanos() - epoch + classesBehind * handicapNanos;
  }

  private static Priority priority(Job<?> call) {
    return call.terms.settings().priority();
  }

  /** Counts an accepted call. */
  void count(Job<?> call) {
    Sum sum = sums.get(priority(call));
    sum.calls++;
    sum.nanos += call.predictedNanos();
    heldBytes += call.terms.heldBytes();
  }

  /** Gives a counted call its turn. */
  void add(Job<?> call) {
    order.add(call);
  }

  /** Takes a counted call out, whether or not it had a turn. */
  void remove(Job<?> call) {
    order.remove(call);
    Sum sum = sums.get(priority(call));
    sum.calls--;
    sum.nanos -= call.predictedNanos();
    heldBytes -= call.terms.heldBytes();
  }

  /** Those that have a turn, the next first. */
  @Override
  public Iterator<Job<?>> iterator() {
    return order.iterator();
  }

  /** Counted calls of a class and those above it. */
  int calls(Priority least) {
    int n = 0;
    for (Map.Entry<Priority, Sum> e : sums.entrySet()) {
      n += e.getKey().compareTo(least) <= 0 ? e.getValue().calls : 0;
    }
    return n;
  }

  /** Predicted work of counted calls of a class and those above it. */
  long nanos(Priority least) {
    long n = 0;
    for (Map.Entry<Priority, Sum> e : sums.entrySet()) {
      n += e.getKey().compareTo(least) <= 0 ? e.getValue().nanos : 0;
    }
    return n;
  }

  /** Heap that counted calls hold. */
  long heldBytes() {
    return heldBytes;
  }
}
