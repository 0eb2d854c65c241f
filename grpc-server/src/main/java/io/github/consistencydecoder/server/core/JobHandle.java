package io.github.consistencydecoder.server.core;

/** An accepted call. */
public interface JobHandle {
  /**
   * The caller has gone. Stops the call wherever it is; the listener hears {@code CANCELLED} when
   * its lane is free again, unless it was done already. Returns at once; calling again does
   * nothing.
   */
  void cancel();
}
