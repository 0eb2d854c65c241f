package io.github.consistencydecoder.cli.bench;

import io.github.consistencydecoder.formats.io.SystemMemory;

/**
 * What the process holds of its own, looked at a hundred times a second until it is closed.
 *
 * <p>Owns a thread.
 */
final class PeakSampling implements AutoCloseable {
  private static final int MILLIS = 10;

  private final long start = SystemMemory.here().own();
  private final Thread thread = new Thread(this::sample, "memory sampling");
  private volatile long peak = start;

  PeakSampling() {
    thread.setDaemon(true);
    thread.start();
  }

  private void sample() {
    try {
      while (true) {
        peak = Math.max(peak, SystemMemory.here().own());
        Thread.sleep(MILLIS);
      }
    } catch (InterruptedException e) {
      // That is how it ends.
    }
  }

  /** The most that was seen beyond what there was at the start, in bytes. */
  long grownBytes() {
    return peak - start;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
