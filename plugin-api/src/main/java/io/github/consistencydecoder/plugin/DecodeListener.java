package io.github.consistencydecoder.plugin;

/**
 * Told of a decode's progress, on the decoding thread; must return quickly. An exception from a
 * listener fails the decode and reaches the caller.
 */
public interface DecodeListener {
  /** Hears nothing. */
  DecodeListener NONE = new DecodeListener() {};

  /**
   * An evaluation of the network begins.
   *
   * @param step from 0
   * @param steps of the whole decode
   * @param timestep of the schedule
   */
  default void stepStarted(int step, int steps, int timestep) {}

  /**
   * An evaluation of the network has ended.
   *
   * @param step from 0
   * @param steps of the whole decode
   * @param nanos that the evaluation took
   */
  default void stepFinished(int step, int steps, long nanos) {}

  /** Something a person should know, a sentence; it is in {@link Decoded#warnings()} as well. */
  default void warning(String sentence) {}
}
