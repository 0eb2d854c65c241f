package io.github.consistencydecoder.core.runtime.graphs;

import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;

/**
 * A network of one input and one output, ready to run.
 *
 * @param session the caller's to close
 * @param origin {@code cache}, {@code built} or {@code uncached}
 */
public record NetworkModel(NetworkSession session, String origin) implements EntryUse {
  @Override
  public void closeToo(CacheLocks.Held held) {
    session.closeToo(held);
  }
}
