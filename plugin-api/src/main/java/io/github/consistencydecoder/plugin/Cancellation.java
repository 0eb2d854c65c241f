package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;

/**
 * A one-way switch that stops a decode: at the next step, and inside a running evaluation where the
 * runtime can be interrupted.
 *
 * <p>Safe for use by several threads. One switch may serve several decodes.
 */
public final class Cancellation {
  /** For work that nobody will stop; throwing this switch is refused. */
  public static final Cancellation NEVER = new Cancellation(true);

  private final List<Entry> actions = new ArrayList<>();
  private final boolean never;
  private boolean cancelled;

  /** A switch that has not been thrown. */
  public Cancellation() {
    this(false);
  }

  private Cancellation(boolean never) {
    this.never = never;
  }

  /**
   * Throws the switch and runs the registered actions on the calling thread. Calling again does
   * nothing.
   *
   * @throws IllegalStateException if this is {@link #NEVER}
   */
  public void cancel() {
    if (never) {
      throw new IllegalStateException(
          "Cancellation.NEVER cannot be cancelled, since others use it too: give what is to be"
              + " stopped a new Cancellation()");
    }
    List<Entry> toRun;
    synchronized (actions) {
      if (cancelled) {
        return;
      }
      cancelled = true;
      toRun = List.copyOf(actions);
      actions.clear();
    }
    toRun.forEach(entry -> entry.action.run());
  }

  /** Whether {@link #cancel()} has been called. */
  public boolean isCancelled() {
    synchronized (actions) {
      return cancelled;
    }
  }

  /**
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED} if the switch has been thrown, or
   *     the calling thread is interrupted, which it then still is
   */
  public void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw new DecoderException(
          DecoderErrorCode.CANCELLED, "the decode was cancelled: its thread was interrupted");
    }
    if (isCancelled()) {
      throw new DecoderException(DecoderErrorCode.CANCELLED, "the decode was cancelled");
    }
  }

  /**
   * Runs {@code action} when the switch is thrown, or at once if it has been. The action must be
   * quick, must not throw and may still be called while the registration is being closed.
   *
   * @return closing it forgets the action
   */
  public Registration onCancel(Runnable action) {
    requireNonNull(action, "action");
    if (never) {
      return () -> {};
    }
    synchronized (actions) {
      if (!cancelled) {
        // A wrapper of its own, so that the same action registered twice is forgotten once at a
        // time.
        Entry entry = new Entry(action);
        actions.add(entry);
        return () -> {
          synchronized (actions) {
            actions.remove(entry);
          }
        };
      }
    }
    action.run();
    return () -> {};
  }

  /**
   * One registration, equal only to itself: an action registered twice is forgotten once at a time.
   */
  private static final class Entry {
    final Runnable action;

    Entry(Runnable action) {
      this.action = action;
    }
  }

  /** An action's registration. */
  @FunctionalInterface
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
