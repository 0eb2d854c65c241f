package io.github.consistencydecoder.server.hostile;

import java.io.UncheckedIOException;

/** Looks at a server's native memory ten times a second, from another process and for nothing. */
final class MemoryWatch {
  private final ServerLook before;
  private final long anonymousBefore;
  private volatile long peak;

  private MemoryWatch(ServerAlone server) {
    this.before = server.look();
    this.anonymousBefore = server.anonymous();
    this.peak = anonymousBefore;
  }

  /** Begins; ends with the server. */
  static MemoryWatch start(ServerAlone server) {
    MemoryWatch watch = new MemoryWatch(server);
    Thread thread = new Thread(() -> watch.run(server), "memory-watch");
    thread.setDaemon(true);
    thread.start();
    return watch;
  }

  private void run(ServerAlone server) {
    try {
      while (true) {
        peak = Math.max(peak, server.anonymous());
        Thread.sleep(100);
      }
    } catch (InterruptedException | UncheckedIOException e) {
      // The server has ended.
    }
  }

  /** At the beginning. */
  ServerLook before() {
    return before;
  }

  /** Bytes by which it has grown at most. */
  long peakGrowth() {
    return peak - anonymousBefore;
  }
}
