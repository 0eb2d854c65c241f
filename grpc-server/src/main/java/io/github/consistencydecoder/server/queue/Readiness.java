package io.github.consistencydecoder.server.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** States of the service. Overload changes none of it. */
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
  CLOSED;

  /**
   * Says what the service can do, and tells those who listen of every change, one after the other,
   * on the thread that changed it. Listeners must return quickly and may ask the board.
   */
  static final class ReadinessBoard {
    private final List<Consumer<Readiness>> listeners = new ArrayList<>();
    private final Supplier<Readiness> source;
    private volatile Readiness shown = Readiness.STARTING;

    /**
     * @param source what is true at the moment
     */
    ReadinessBoard(Supplier<Readiness> source) {
      this.source = source;
    }

    Readiness shown() {
      return shown;
    }

    /** Something may have changed. */
    synchronized void update() {
      Readiness now = source.get();
      if (now != shown) {
        shown = now;
        listeners.forEach(listener -> Job.tell(() -> listener.accept(now)));
      }
    }

    synchronized void listen(Consumer<Readiness> listener) {
      listeners.add(listener);
      Job.tell(() -> listener.accept(shown));
    }
  }
}
