package io.github.consistencydecoder.server.request;

import static java.util.Objects.requireNonNull;

import java.util.OptionalLong;

/**
 * Settings that every call has.
 *
 * @param requestId for the log and the answer; unique
 * @param model name of a loaded model, empty for the first that fits
 * @param deadlineNanos when it must be done, on the clock of {@link System#nanoTime()}; none for
 *     the server's own limit alone
 * @param priority among the waiting
 */
public record CallSettings(
    String requestId, String model, OptionalLong deadlineNanos, Priority priority) {
  public CallSettings {
    requireNonNull(requestId, "requestId");
    requireNonNull(model, "model");
    requireNonNull(deadlineNanos, "deadlineNanos");
    requireNonNull(priority, "priority");
  }

  /** Which of the waiting calls goes first. Waiting raises a call's class, so none starves. */
  public enum Priority {
    /** A person is looking. */
    HIGH,
    /** The ordinary case. */
    NORMAL,
    /** May wait. */
    LOW
  }
}
