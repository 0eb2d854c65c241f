package io.github.consistencydecoder.models.store.cache;

/** Something opened from a cache, which says so to others until it is closed. */
public interface EntryUse {
  /**
   * Lets go of the entry when this is closed.
   *
   * @param held owned from now on
   */
  void closeToo(CacheLocks.Held held);
}
