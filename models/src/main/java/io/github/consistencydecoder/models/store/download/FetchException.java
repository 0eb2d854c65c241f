package io.github.consistencydecoder.models.store.download;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** One attempt at an address has failed; says whether another may succeed. */
final class FetchException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean worthRetrying;
  private final boolean unreachable;
  private final long waitMillis;

  private FetchException(
      String message,
      boolean worthRetrying,
      boolean unreachable,
      long waitMillis,
      Throwable cause) {
    super(message, cause);
    this.worthRetrying = worthRetrying;
    this.unreachable = unreachable;
    this.waitMillis = waitMillis;
  }

  /**
   * Asking again would bring the same.
   *
   * @param cause may be null
   */
  static FetchException refused(URI address, String reason, Throwable cause) {
    return new FetchException(address.getHost() + " " + reason, false, false, 0, cause);
  }

  /**
   * Something that may pass.
   *
   * @param cause may be null
   */
  static FetchException passing(URI address, String reason, Throwable cause) {
    return new FetchException(address.getHost() + " " + reason, true, false, 0, cause);
  }

  /**
   * No connection at all.
   *
   * @param worthRetrying false where that would only cost time, as without any network
   */
  static FetchException unreachable(
      URI address, String reason, boolean worthRetrying, Throwable cause) {
    return new FetchException(address.getHost() + " " + reason, worthRetrying, true, 0, cause);
  }

  /** The server asks to come back later. */
  static FetchException busy(URI address, int status, Optional<Duration> wait) {
    return new FetchException(
        address.getHost() + " answers " + status,
        true,
        false,
        wait.map(Duration::toMillis).orElse(0L),
        null);
  }

  boolean worthRetrying() {
    return worthRetrying;
  }

  /** Whether the host could not be reached, so that its other addresses need no trying. */
  boolean unreachable() {
    return unreachable;
  }

  /** How long the server asked to wait, if it did. */
  Optional<Duration> serverWait() {
    return waitMillis > 0 ? Optional.of(Duration.ofMillis(waitMillis)) : Optional.empty();
  }
}
