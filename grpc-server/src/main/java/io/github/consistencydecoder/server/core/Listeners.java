package io.github.consistencydecoder.server.core;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls into other people's code, which may throw. */
final class Listeners {
  private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

  private Listeners() {}

  static void tell(Runnable telling) {
    try {
      telling.run();
    } catch (RuntimeException | Error e) {
      LOG.error("a listener failed", e);
    }
  }
}
