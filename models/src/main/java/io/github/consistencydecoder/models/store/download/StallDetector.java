package io.github.consistencydecoder.models.store.download;

import java.net.URI;
import java.time.Duration;

/**
 * Tells a slow download from a dead one: in every stretch of the stall time-out at least so many
 * bytes must arrive. For one thread.
 */
final class StallDetector {
  private final URI address;
  private final Duration stretch;
  private final long leastBytes;
  private long startNanos = System.nanoTime();
  private long bytes;

  StallDetector(PullOptions options, URI address) {
    this.address = address;
    this.stretch = options.stallTimeout();
    this.leastBytes = options.stallBytes();
  }

  /** How long to wait for more before the next {@link #check}. */
  long leftNanos() {
    return stretch.toNanos() - (System.nanoTime() - startNanos);
  }

  /** So many more bytes have come. */
  void came(long count) throws FetchException {
    bytes += count;
    check();
  }

  /**
   * @throws FetchException if the stretch is over and too little has come in it
   */
  void check() throws FetchException {
    if (leftNanos() > 0) {
      return;
    }
    if (bytes < leastBytes) {
      throw FetchException.passing(
          address,
          "sends fewer than " + leastBytes + " bytes in " + stretch.toMillis() + " ms",
          null);
    }
    startNanos = System.nanoTime();
    bytes = 0;
  }
}
