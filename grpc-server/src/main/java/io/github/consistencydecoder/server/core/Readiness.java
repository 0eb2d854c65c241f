package io.github.consistencydecoder.server.core;

/** What the service can do at the moment. Overload changes none of it. */
public enum Readiness {
  /** Models are being opened and tried. */
  STARTING,
  /** Calls are taken. */
  SERVING,
  /** A model no longer decodes as it should; being rebuilt. */
  BROKEN,
  /** The device failed for good; nothing will be decoded before this process is started again. */
  LOST,
  /** No new calls; what was accepted is being finished. */
  DRAINING,
  /** All is closed. */
  CLOSED
}
