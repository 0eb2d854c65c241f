package io.github.consistencydecoder.core.opening;

import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Keeps something open for any number of threads that use it and one that ends it: the end waits
 * for those, and nothing starts after it.
 */
public final class Lifetime {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final String thing;
  private boolean ended;

  /**
   * @param thing as messages call it, with its article: {@code the decoder}
   */
  public Lifetime(String thing) {
    this.thing = thing;
  }

  /**
   * Does work that needs the thing to be open.
   *
   * @throws IllegalStateException if it is closed
   */
  public <T> T whileOpen(Supplier<T> work) {
    lock.readLock().lock();
    try {
      if (ended) {
        throw new IllegalStateException(thing + " is closed");
      }
      return work.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Waits for the work that is being done, then runs {@code free}. Calling again does nothing, even
   * if {@code free} threw.
   */
  public void end(Runnable free) {
    lock.writeLock().lock();
    try {
      if (!ended) {
        ended = true;
        free.run();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
