package io.github.consistencydecoder.server.models;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Estimates how long work takes here, from work that was done: for each bucket of operations (half
 * powers of two) the time per operation of the last runs. Between buckets that are known, time
 * grows with the operations, a fixed part included because small buckets have a high time per
 * operation.
 *
 * <p>Safe for use by several threads.
 */
public final class Speed {
  private static final int WINDOW = 32;
  private static final double HIGH = 0.9;

  /** Of a shape that was never run: it may be this much faster than what is known suggests. */
  private static final double DOUBT = 4;

  private final ConcurrentSkipListMap<Integer, Bucket> buckets = new ConcurrentSkipListMap<>();

  /** Records a run. */
  public void observe(double operations, long nanos) {
    buckets
        .computeIfAbsent(index(operations), i -> new Bucket())
        .add(Math.max(nanos, 1) / Math.max(operations, 1));
  }

  /** Records a run that was stopped: it would have taken longer, nobody knows how much. */
  public void observeStopped(double operations, long nanos) {
    long atLeast = nanos + nanos / 2;
    boolean known = buckets.containsKey(index(operations));
    // A run that was stopped soon says nothing.
    if (atLeast > (known ? least(operations) : high(operations))) {
      observe(operations, atLeast);
    }
  }

  /** Nanoseconds that nine in ten runs stay below. */
  public long high(double operations) {
    Bucket own = buckets.get(index(operations));
    return own == null ? between(operations) : nanos(operations * own.high);
  }

  /** Nanoseconds that no run is expected to stay below. */
  public long least(double operations) {
    Bucket own = buckets.get(index(operations));
    return own == null ? (long) (between(operations) / DOUBT) : nanos(operations * own.least);
  }

  private long between(double operations) {
    int index = index(operations);
    Map.Entry<Integer, Bucket> below = buckets.lowerEntry(index);
    Map.Entry<Integer, Bucket> above = buckets.higherEntry(index);
    // Operations of the lower end of the bucket above: its time bounds that of anything smaller.
    double bound =
        above == null
            ? Double.POSITIVE_INFINITY
            : lowest(above.getKey() + 1) * above.getValue().high;
    double linear = below == null ? Double.POSITIVE_INFINITY : operations * below.getValue().high;
    double least = Math.min(bound, linear);
    return least == Double.POSITIVE_INFINITY ? 0 : nanos(least);
  }

  private static long nanos(double value) {
    return Math.max(1, (long) Math.min(value, Long.MAX_VALUE / 8.0));
  }

  private static int index(double operations) {
    return (int) Math.floor(2 * Math.log(Math.max(operations, 1)) / Math.log(2));
  }

  private static double lowest(int index) {
    return Math.pow(2, index / 2.0);
  }

  /** The last times per operation. */
  private static final class Bucket {
    private final double[] last = new double[WINDOW];
    private int count;
    volatile double high;
    volatile double least;

    synchronized void add(double perOperation) {
      last[count++ % WINDOW] = perOperation;
      double[] sorted = Arrays.copyOf(last, Math.min(count, WINDOW));
      Arrays.sort(sorted);
      high = sorted[(int) Math.min(sorted.length - 1, Math.floor(HIGH * sorted.length))];
      least = sorted[0];
    }
  }
}
