package io.github.consistencydecoder.models.store.download;

import java.net.URI;
import java.time.Duration;

/**
 * Told of what the store is doing, on the calling thread; must return quickly. An exception from a
 * listener ends the operation and reaches the caller.
 */
public interface PullListener {
  /** Hears nothing. */
  PullListener NONE = new PullListener() {};

  /** Another thread or process is changing this model; we wait for it. */
  default void waiting(String id) {}

  /**
   * Bytes of a file begin to come, from the start or from where an earlier attempt ended.
   *
   * @param file its name
   * @param from the address that answers, after redirects
   * @param doneBytes that are there already
   * @param totalBytes of the whole file, -1 if unknown
   */
  default void started(String file, URI from, long doneBytes, long totalBytes) {}

  /**
   * Some more of a file has come; a few times a second.
   *
   * @param doneBytes of the whole file
   * @param totalBytes of the whole file, -1 if unknown
   * @param bytesPerSecond since the start of this attempt
   */
  default void progress(String file, long doneBytes, long totalBytes, double bytesPerSecond) {}

  /**
   * An attempt has failed and another follows.
   *
   * @param reason a phrase that names the host
   * @param wait until then
   */
  default void retrying(String file, String reason, Duration wait) {}

  /** A file on disk is being read to check it; {@code doneBytes} of {@code totalBytes} so far. */
  default void checking(String file, long doneBytes, long totalBytes) {}

  /** A file is in its place and has been checked. */
  default void finished(PulledFile file) {}
}
