package io.github.consistencydecoder.compare;

/**
 * Told of a comparison's progress, on the thread that runs it; must return quickly. An exception
 * from a listener ends the comparison and reaches the caller.
 */
public interface ComparisonListener {
  /** Hears nothing. */
  ComparisonListener NONE = new ComparisonListener() {};

  /**
   * An input's turn has come.
   *
   * @param index from 0
   * @param count of all inputs
   */
  default void inputStarted(int index, int count, String name) {}

  /**
   * A decoder has decoded the input.
   *
   * @param nanos that it took
   */
  default void decoded(String input, String decoder, long nanos) {}

  /**
   * An input is done and on disk.
   *
   * @param reused whether an earlier run had done it
   */
  default void inputFinished(int index, int count, String name, boolean reused) {}

  /**
   * An input could not be compared; the others go on.
   *
   * @param reason one sentence
   */
  default void inputFailed(int index, int count, String name, String reason) {}

  /**
   * The same, for a listener that wants to know whose fault it was; calls {@link #inputFailed(int,
   * int, String, String)}.
   *
   * @param reason one sentence
   * @param cause what was thrown; null if the inputs do not fit together
   */
  default void inputFailed(int index, int count, String name, String reason, Throwable cause) {
    inputFailed(index, count, name, reason);
  }

  /**
   * All inputs are done; this file is being written.
   *
   * @param file {@code sheet.png} or {@code report.html}
   */
  default void writing(String file) {}
}
