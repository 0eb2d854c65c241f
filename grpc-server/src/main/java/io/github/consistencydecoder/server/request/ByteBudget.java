package io.github.consistencydecoder.server.request;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that requests and answers may hold together while they travel, over all endpoints of the
 * process, counted from the moment in which their size is known. Nobody waits for room: a call
 * without it is refused, for waiting calls would hold their connections' windows and with them the
 * calls that could make room. Safe for use by several threads.
 */
public final class ByteBudget {
  private static final long USUAL_BYTES = 1L << 30;

  private final long bound;
  private final AtomicLong all;
  private final AtomicLong held = new AtomicLong();
  private final AtomicLong peak = new AtomicLong();

  /**
   * @param bound in bytes
   */
  public ByteBudget(long bound) {
    this(bound, new AtomicLong());
    if (bound < 1) {
      throw new IllegalArgumentException("the bound must be positive, not " + bound);
    }
  }

  private ByteBudget(long bound, AtomicLong all) {
    this.bound = bound;
    this.all = all;
  }

  /** Half the heap or 1 GiB, whichever is less, but enough for the largest call. */
  public static ByteBudget usual(ServiceLimits limits) {
    long half = Math.min(Runtime.getRuntime().maxMemory() / 2, USUAL_BYTES);
    return new ByteBudget(Math.max(half, limits.maxRequestBytes() + limits.maxPixels() * 24));
  }

  /** One endpoint's account of the same bytes: the bound is for all, what is held is its own. */
  public ByteBudget part() {
    return new ByteBudget(bound, all);
  }

  /** At most this many, over all parts. */
  public long bound() {
    return bound;
  }

  /** At the moment, by this part; may be more than there is, see {@link Share#grow}. */
  public long held() {
    return held.get();
  }

  /** The most that this part has held so far. */
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
      if (all.addAndGet(bytes) > bound) {
        all.addAndGet(-bytes);
        return false;
      }
      count(bytes);
      return true;
    }

    /**
     * Takes more, also where there is not so much left: what has been computed is not thrown away,
     * but nobody else gets in until it has gone.
     */
    public synchronized void grow(long bytes) {
      if (!released) {
        all.addAndGet(bytes);
        count(bytes);
      }
    }

    private void count(long bytes) {
      mine += bytes;
      peak.accumulateAndGet(held.addAndGet(bytes), Math::max);
    }

    /** Gives everything back, for good. Calling again does nothing. */
    public synchronized void release() {
      if (!released) {
        released = true;
        held.addAndGet(-mine);
        all.addAndGet(-mine);
      }
    }
  }
}
