package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.core.cache.CacheLocks;
import io.github.consistencydecoder.core.cache.EntryUse;
import java.nio.file.Path;
import java.util.Map;

/**
 * A network ready to run.
 *
 * @param session the caller's to close
 * @param conditioning packed conditioning of the timesteps that came with it
 * @param origin {@code cache}, {@code built} or {@code uncached}
 * @param folder of the cached graph; empty path if there is none
 */
public record StepModel(
    NetworkRunner session, Map<Integer, float[]> conditioning, String origin, Path folder)
    implements EntryUse {
  @Override
  public void closeToo(CacheLocks.Held held) {
    session.closeToo(held);
  }
}
