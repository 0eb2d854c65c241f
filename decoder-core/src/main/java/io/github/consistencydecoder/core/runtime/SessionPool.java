package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * One network's sessions on a CUDA device, and whose turn it is.
 *
 * <p>A session has its plans of convolutions for the size that it ran last, and makes them anew for
 * every other one. So work of one size comes together: a session serves another size when nobody
 * holds it, and a size that has had to take a session from another one before gets a session of its
 * own, while there are fewer than the most. Whoever waits is passed by at most {@value
 * #MOST_PASSED} times. One run goes on at a time.
 *
 * <p>A session that failed may compute wrongly or crash afterwards: it is closed, and opened again
 * by the next run. What fails for lack of memory while other sessions are open is tried once more
 * without them, and there will be one session from then on.
 *
 * <p>Owns the sessions. Safe for use by several threads. The caller closes only when nothing is
 * held and nothing runs.
 *
 * @param <S> a session
 */
public final class SessionPool<S> implements AutoCloseable {
  /** How often holders of a size may be served before somebody who waits for another one. */
  static final int MOST_PASSED = 16;

  /** Sizes whose changes are counted; beyond it counting starts anew. */
  private static final int MOST_COUNTED = 256;

  private final Opening<S> opening;
  private final Consumer<S> closing;
  private final List<Slot> slots = new ArrayList<>();
  private final Deque<Turn> waiting = new ArrayDeque<>();
  private final Deque<Turn> runners = new ArrayDeque<>();
  private final Map<Size, Integer> changes = new HashMap<>();
  private int most;

  /** Opens another session of the network. */
  public interface Opening<S> {
    S open() throws IOException, OrtException;
  }

  /** Work with a session. */
  public interface Work<S> {
    void with(S session) throws OrtException;
  }

  /**
   * Of a picture, in pixels.
   *
   * @param height in pixels
   * @param width in pixels
   */
  record Size(long height, long width) {}

  /** A place in a queue. */
  private static final class Turn {
    final Size size;

    Turn(Size size) {
      this.size = size;
    }
  }

  /** What is held; to be closed once. */
  interface Hold extends AutoCloseable {
    @Override
    void close();
  }

  /** Guarded by the pool; the session by having the turn. */
  private final class Slot {
    S session;
    Size size;
    int holders;

    /** Holders served while somebody waits for another size. */
    int passed;
  }

  /**
   * @param first owned from now on
   * @param most sessions at one time
   */
  SessionPool(S first, Opening<S> opening, Consumer<S> closing, int most) {
    this.opening = opening;
    this.closing = closing;
    this.most = most;
    Slot slot = new Slot();
    slot.session = first;
    slots.add(slot);
  }

  /**
   * Waits for a session to serve a size, and keeps it from serving another. For all of a decode, so
   * that what lies between two of its runs lets no other size in. Not to be asked for two sizes by
   * one thread.
   *
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}
   */
  Hold hold(Size size, Cancellation cancellation) {
    Slot slot = held(size, false, cancellation);
    return () -> release(slot);
  }

  /**
   * Does work when it is its turn, with the session of a size.
   *
   * @param work done again, once, if memory was lacking and other sessions had some
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}
   */
  void run(Size size, Cancellation cancellation, Work<S> work) throws IOException, OrtException {
    Slot slot = held(size, true, cancellation);
    try {
      Turn turn = new Turn(size);
      await(runners, turn, () -> runners.peek() == turn, cancellation);
      try {
        run(slot, work, cancellation);
      } finally {
        leave(turn);
      }
    } finally {
      release(slot);
    }
  }

  private void run(Slot slot, Work<S> work, Cancellation cancellation)
      throws IOException, OrtException {
    try {
      attempt(slot, work);
    } catch (OrtException e) {
      CudaFailure failure = CudaFailure.of(e);
      if (failure == CudaFailure.STOPPED) {
        // Between two operators, which leaves the session as it was.
        throw e;
      }
      discard(slot, failure);
      if (failure != CudaFailure.MEMORY || cancellation.isCancelled() || !closeOthers(slot)) {
        throw e;
      }
      try {
        attempt(slot, work);
      } catch (OrtException again) {
        discard(slot, CudaFailure.of(again));
        throw again;
      }
    }
  }

  private void attempt(Slot slot, Work<S> work) throws IOException, OrtException {
    if (slot.session == null) {
      slot.session = opening.open();
    }
    work.with(slot.session);
  }

  private void discard(Slot slot, CudaFailure failure) {
    S session = slot.session;
    slot.session = null;
    if (session != null && failure != CudaFailure.LOST) {
      // Closing talks to the device; where that is lost, the end of the process frees everything.
      closing.accept(session);
    }
  }

  /** Whether there were any. */
  private boolean closeOthers(Slot slot) {
    List<Slot> others;
    synchronized (this) {
      most = 1;
      others = slots.stream().filter(s -> s != slot && s.session != null).toList();
    }
    others.forEach(s -> discard(s, CudaFailure.MEMORY));
    return !others.isEmpty();
  }

  /**
   * @param joins whether the size's session will do whoever else waits, because it is held already
   */
  private Slot held(Size size, boolean joins, Cancellation cancellation) {
    Turn turn = new Turn(size);
    AtomicReference<Slot> found = new AtomicReference<>();
    await(
        waiting,
        turn,
        () -> {
          found.set(slot(size, joins, waiting.peek() == turn));
          return found.get() != null;
        },
        cancellation);
    synchronized (this) {
      waiting.remove(turn);
      notifyAll();
    }
    return found.get();
  }

  /** The session for a size, held; null if it has to wait. */
  private Slot slot(Size size, boolean joins, boolean first) {
    Slot slot = null;
    for (Slot s : slots) {
      slot = size.equals(s.size) ? s : slot;
    }
    boolean others = waiting.stream().anyMatch(t -> !t.size.equals(size));
    if (slot != null && !first && others && !(joins && slot.holders > 0)) {
      slot = slot.passed < MOST_PASSED ? slot : null;
    } else if (slot == null && first) {
      slot = changed(size);
    }
    if (slot != null) {
      slot.holders++;
      slot.passed += others && !first ? 1 : 0;
      // The one that was used last comes last.
      slots.remove(slot);
      slots.add(slot);
    }
    return slot;
  }

  /** A session that changes to a size; null if none is free. */
  private Slot changed(Size size) {
    Slot slot = null;
    for (int i = 0; slots.size() > most && i < slots.size(); ) {
      if (slots.get(i).holders == 0) {
        discard(slots.remove(i), CudaFailure.OTHER);
      } else {
        i++;
      }
    }
    if (slots.get(0).size != null && slots.size() < most && changes.getOrDefault(size, 0) > 0) {
      slot = new Slot();
      slots.add(slot);
    }
    for (Slot s : slots) {
      slot = slot == null && s.holders == 0 ? s : slot;
    }
    if (slot != null) {
      if (changes.size() >= MOST_COUNTED) {
        changes.clear();
      }
      changes.merge(size, 1, Integer::sum);
      slot.size = size;
      slot.passed = 0;
    }
    return slot;
  }

  private synchronized void release(Slot slot) {
    slot.holders--;
    notifyAll();
  }

  private synchronized void leave(Turn turn) {
    runners.remove(turn);
    notifyAll();
  }

  /** In a queue until something is so, and still in it afterwards. */
  private void await(Deque<Turn> queue, Turn turn, BooleanSupplier so, Cancellation cancellation) {
    Cancellation.Registration registration = cancellation.onCancel(this::wake);
    boolean done = false;
    try {
      synchronized (this) {
        queue.add(turn);
        try {
          cancellation.check();
          while (!so.getAsBoolean()) {
            wait();
            cancellation.check();
          }
          done = true;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new DecoderException(
              DecoderErrorCode.CANCELLED, "interrupted while waiting for the device", e);
        } finally {
          if (!done) {
            queue.remove(turn);
            notifyAll();
          }
        }
      }
    } finally {
      registration.close();
    }
  }

  /** Those who wait for a session. */
  synchronized int waiting() {
    return waiting.size();
  }

  private synchronized void wake() {
    notifyAll();
  }

  /** Does something with every open session, between two runs. */
  void forEach(Consumer<S> action) {
    Turn turn = new Turn(null);
    await(runners, turn, () -> runners.peek() == turn, new Cancellation());
    try {
      List<Slot> all;
      synchronized (this) {
        all = List.copyOf(slots);
      }
      for (Slot slot : all) {
        if (slot.session != null) {
          action.accept(slot.session);
        }
      }
    } finally {
      leave(turn);
    }
  }

  @Override
  public synchronized void close() {
    for (Slot slot : slots) {
      discard(slot, CudaFailure.lost().isPresent() ? CudaFailure.LOST : CudaFailure.OTHER);
    }
  }
}
