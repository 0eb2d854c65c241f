package io.github.consistencydecoder.models.store.download;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * Options of a download. Immutable.
 *
 * @param force whether to fetch what is there already
 * @param retries how many times in a row to try an address again without having got further
 * @param stallTimeout how long an answer may take, and within what time enough bytes must arrive
 * @param backoff how long to wait before the first retry; doubled before each further one, at most
 *     64 times
 */
public record PullOptions(boolean force, int retries, Duration stallTimeout, Duration backoff) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a value is out of its range
   */
  public PullOptions {
    requireNonNull(stallTimeout, "stallTimeout");
    requireNonNull(backoff, "backoff");
    if (retries < 0 || backoff.isNegative() || stallTimeout.toMillis() < 1) {
      throw new IllegalArgumentException(
          "retries %s, backoff %s, stallTimeout %s".formatted(retries, backoff, stallTimeout));
    }
  }

  /** Five retries; 30 seconds with next to nothing received is a stall. */
  public static PullOptions defaults() {
    return new PullOptions(false, 5, Duration.ofSeconds(30), Duration.ofMillis(500));
  }

  /** The same, but also fetching what is there already if {@code value} says so. */
  public PullOptions force(boolean value) {
    return new PullOptions(value, retries, stallTimeout, backoff);
  }
}
