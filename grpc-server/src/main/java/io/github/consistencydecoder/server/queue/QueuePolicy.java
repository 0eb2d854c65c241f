package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Whether work can be taken, given what there is to do already. */
final class QueuePolicy {
  private static final long LEAST_RETRY_NANOS = Duration.ofMillis(50).toNanos();

  private final ServiceLimits limits;

  QueuePolicy(ServiceLimits limits) {
    this.limits = limits;
  }

  /**
   * Work that asks to be taken.
   *
   * @param leastNanos that it takes if all goes well
   * @param leftNanos until it must be done
   * @param byCaller whether that is the caller's own deadline rather than the service's limit
   */
  record Ask(Prediction prediction, long leastNanos, long leftNanos, boolean byCaller) {}

  /**
   * What there is to do.
   *
   * @param idle whether nothing waits and a lane is free
   * @param nothingWaits whether the queue is empty
   * @param allNanos predicted work that runs and waits, over all lanes
   * @param aheadNanos the part of it that goes first
   * @param heapFull whether what waits would hold too much heap with it
   */
  record Load(
      boolean idle, boolean nothingWaits, long allNanos, long aheadNanos, boolean heapFull) {}

  /**
   * @return predicted nanoseconds that it will wait
   * @throws ServiceException {@code BUSY}, or {@code DEADLINE} if it cannot be met
   */
  long check(Ask ask, Load load) throws ServiceException {
    long own = ask.prediction().nanos();
    long bound = limits.maxQueued().toNanos();
    long all = load.allNanos() / limits.lanes();
    // One call may always wait if any may, or work larger than the bound could never be done.
    boolean room = load.idle() || (bound > 0 && load.nothingWaits()) || all + own <= bound;
    if (!room) {
      throw busy(all + own - bound);
    }
    if (load.heapFull() && !load.idle()) {
      throw busy(all);
    }
    long wait = load.idle() ? 0 : load.aheadNanos() / limits.lanes();
    // An idle service tries what might just be done: its prediction may be out of date, and would
    // stay so if nothing ran.
    long needed = load.idle() ? ask.leastNanos() : wait + own;
    if (needed > ask.leftNanos()) {
      if (!ask.byCaller() && ask.leftNanos() > 0) {
        throw busy(needed - ask.leftNanos());
      }
      throw ServiceException.of(
          ServiceError.DEADLINE,
          "the deadline is in "
              + millis(ask.leftNanos())
              + " ms, the work would be done in about "
              + millis(wait + own)
              + " ms");
    }
    return wait;
  }

  private static ServiceException busy(long nanos) {
    // Jitter, so that those who are refused together do not come back together.
    double jitter = ThreadLocalRandom.current().nextDouble(0.8, 1.3);
    return ServiceException.retry(
        ServiceError.BUSY,
        "there is too much to do now; try again later",
        Duration.ofNanos((long) (jitter * Math.max(nanos, LEAST_RETRY_NANOS))));
  }

  private static long millis(long nanos) {
    return Math.max(0, nanos / 1_000_000);
  }
}
