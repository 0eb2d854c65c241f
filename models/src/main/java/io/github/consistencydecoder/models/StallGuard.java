package io.github.consistencydecoder.models;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a stream from which too little comes: in every stretch of the given length at least so
 * many bytes must arrive. The HTTP client has no time-out of this kind.
 */
final class StallGuard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StallGuard.class);

  private final InputStream stream;
  private final long leastBytes;
  private final AtomicLong bytes = new AtomicLong();
  private final ScheduledExecutorService clock;
  private volatile boolean stalled;
  private long bytesBefore;

  StallGuard(InputStream stream, PullOptions options) {
    this.stream = stream;
    this.leastBytes = options.stallBytes();
    this.clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "download-stall-guard");
              thread.setDaemon(true);
              return thread;
            });
    long millis = options.stallTimeout().toMillis();
    // Its own future is of no interest: closing the guard ends it.
    var unused = clock.scheduleAtFixedRate(this::look, millis, millis, TimeUnit.MILLISECONDS);
  }

  /** So many more bytes have come. */
  void came(int count) {
    bytes.addAndGet(count);
  }

  /** Whether the stream was closed because too little came. */
  boolean stalled() {
    return stalled;
  }

  private void look() {
    long now = bytes.get();
    if (now - bytesBefore < leastBytes && !stalled) {
      stalled = true;
      try {
        stream.close();
      } catch (IOException e) {
        LOG.debug("closing a stalled download", e);
      }
    }
    bytesBefore = now;
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
