package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.cache.EntryUse;
import io.github.consistencydecoder.models.network.NetworkWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A network that is opened from what is kept for another one.
 *
 * @param <M> what is opened
 */
interface SharedEntry<M extends EntryUse> extends CachedNetwork<M> {
  /** The one that the entry is made for. */
  CachedNetwork<?> kept();

  @Override
  default NetworkWeights weights() {
    return kept().weights();
  }

  @Override
  default List<String> identity() {
    return kept().identity();
  }

  @Override
  default long bytes() {
    return kept().bytes();
  }

  @Override
  default void build(Path folder, SessionSettings settings) throws IOException, OrtException {
    kept().build(folder, settings);
  }
}
