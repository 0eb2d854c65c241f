package io.github.consistencydecoder.core.opening;

import io.github.consistencydecoder.models.store.cache.EntryCheck;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Something that was opened from the cache, and is opened again when what is kept there turns out
 * to be damaged, or its files were closed by an interrupt: what has been computed with it until
 * then is computed once more.
 *
 * <p>Owns what is open. Safe for use by several threads. After {@link #close}, which waits for the
 * work that is being done, every method except {@code close} throws {@link IllegalStateException};
 * closing again does nothing.
 *
 * @param <T> what is open
 */
public final class Renewable<T extends Renewable.Open> implements AutoCloseable {
  private static final String SENTENCE =
      "what the cache keeps of the model was damaged; it was made anew, and what had been computed"
          + " with it was computed again";
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final String thing;
  private final Supplier<T> opening;
  private volatile T current;
  private boolean closed;

  /** What can be open. */
  public interface Open extends AutoCloseable {
    /**
     * Waits until what it was opened from has been found sound.
     *
     * @throws DecoderException with {@link EntryCheck.DamagedException} as its cause if it is not;
     *     {@link DecoderErrorCode#CANCELLED}
     */
    void vouch(Cancellation cancellation);

    @Override
    void close();
  }

  /**
   * Opens the thing.
   *
   * @param thing as messages call it, with its article: {@code the decoder}
   * @param opening opens it, each time anew
   */
  public Renewable(String thing, Supplier<T> opening) {
    this.thing = thing;
    this.opening = opening;
    this.current = opening.get();
  }

  /** Asks the thing something that has nothing to do with what is kept in the cache. */
  public <R> R ask(Function<T, R> question) {
    if (current == null) {
      renew(null);
    }
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException(thing + " is closed");
      }
      return question.apply(current);
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Works with the thing.
   *
   * @param work done a second time, from its start, if the cache was damaged
   * @param warning told that it was
   */
  public <R> R use(Function<T, R> work, Cancellation cancellation, Consumer<String> warning) {
    T used = ask(open -> open);
    try {
      return ask(open -> vouched(open, work, cancellation));
    } catch (DecoderException e) {
      boolean damaged = e.getCause() instanceof EntryCheck.DamagedException;
      // An interrupt of a thread that reads a model's file closes it for all.
      boolean closed =
          e.getCause() instanceof ClosedChannelException && e.code() != DecoderErrorCode.CANCELLED;
      // A decode inside a decode would wait for itself.
      if (!(damaged || closed) || lock.getReadHoldCount() > 0) {
        throw e;
      }
      if (damaged) {
        warning.accept(SENTENCE);
      }
    }
    renew(used);
    return ask(open -> vouched(open, work, cancellation));
  }

  /** As {@link #use}, with the warning among the result's and for the listener. */
  public Decoded decode(Function<T, Decoded> work, DecodeOptions options) {
    List<String> more = new ArrayList<>();
    Decoded decoded =
        use(
            work,
            options.cancellation(),
            sentence -> {
              more.add(sentence);
              options.listener().warning(sentence);
            });
    more.addAll(decoded.warnings());
    return new Decoded(
        decoded.pixels(), decoded.stepNanos(), decoded.totalNanos(), decoded.metadata(), more);
  }

  private static <T extends Open, R> R vouched(
      T open, Function<T, R> work, Cancellation cancellation) {
    R result;
    try {
      result = work.apply(open);
    } catch (DecoderException e) {
      if (e.code() == DecoderErrorCode.RUNTIME_FAILED) {
        open.vouch(cancellation);
      }
      throw e;
    }
    open.vouch(cancellation);
    return result;
  }

  /** Opens the thing again, unless another thread has done so. */
  private void renew(T used) {
    lock.writeLock().lock();
    try {
      if (!closed && current == used) {
        current = null;
        if (used != null) {
          used.close();
        }
        current = opening.get();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        if (current != null) {
          current.close();
        }
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
