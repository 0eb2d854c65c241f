package io.github.consistencydecoder.server.core;

/**
 * Told what becomes of a call. First {@link #accepted} on the caller's thread (before {@code
 * decode} returns), then {@link #stepStarted} and {@link #stepFinished} on a lane, at last exactly
 * one of {@link #completed} and {@link #failed} on a lane or a timer. Must return quickly; what it
 * throws is logged and changes nothing.
 *
 * @param <R> what a completed call has
 */
public interface CallListener<R> {
  /**
   * The call was taken.
   *
   * @param ahead calls that wait before it
   * @param nanos predicted time until it is done
   */
  default void accepted(int ahead, long nanos) {}

  /** An evaluation of the network begins; see {@code DecodeListener}. */
  default void stepStarted(int step, int steps, int timestep) {}

  /** An evaluation of the network has ended; see {@code DecodeListener}. */
  default void stepFinished(int step, int steps, long nanos) {}

  /** It is done. Nothing native belongs to the result. */
  void completed(R result);

  /** It has no result. */
  void failed(ServiceException cause);
}
