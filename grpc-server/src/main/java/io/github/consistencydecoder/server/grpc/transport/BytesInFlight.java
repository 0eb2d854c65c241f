package io.github.consistencydecoder.server.grpc.transport;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that requests and answers may hold together, counted from the moment in which their size is
 * known. Nobody waits for room: a call without it is refused, for waiting calls would hold their
 * connections' windows and with them the calls that could make room.
 */
public final class BytesInFlight {
  private final long bound;
  private final AtomicLong held = new AtomicLong();
  private final AtomicLong peak = new AtomicLong();

  /**
   * @param bound in bytes
   */
  public BytesInFlight(long bound) {
    if (bound < 1) {
      throw new IllegalArgumentException("the bound must be positive, not " + bound);
    }
    this.bound = bound;
  }

  /** At most this many. */
  public long bound() {
    return bound;
  }

  /** At the moment. */
  public long held() {
    return held.get();
  }

  /** The most so far. */
  public long peak() {
    return peak.get();
  }

  /** A share that holds nothing yet. */
  public Share share() {
    return new Share();
  }

  /** What one call holds. Safe for use by several threads. */
  public final class Share {
    private long mine;
    private boolean released;

    private Share() {}

    /**
     * Takes more.
     *
     * @return false, with nothing taken, if that would be too much or everything was given back
     */
    public synchronized boolean take(long bytes) {
      if (released) {
        return false;
      }
      long now = held.addAndGet(bytes);
      if (now > bound) {
        held.addAndGet(-bytes);
        return false;
      }
      peak.accumulateAndGet(now, Math::max);
      mine += bytes;
      return true;
    }

    /** Gives everything back, for good. Calling again does nothing. */
    public synchronized void release() {
      if (!released) {
        released = true;
        held.addAndGet(-mine);
      }
    }
  }
}
