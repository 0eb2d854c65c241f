package io.github.consistencydecoder.core.runtime.graphs;

import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import java.nio.file.Path;

/**
 * A network of one input and one output, ready to run.
 *
 * @param session the caller's to close
 * @param origin {@code cache}, {@code built} or {@code uncached}
 * @param folder of the cached graph; empty path if there is none
 */
public record NetworkModel(NetworkSession session, String origin, Path folder) implements EntryUse {
  @Override
  public void closeToo(CacheLocks.Held held) {
    session.closeToo(held);
  }
}
