package io.github.consistencydecoder.core.runtime.graphs;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * How an entry of the cache is made and opened, and what it depends on.
 *
 * @param <M> what is opened
 */
interface CacheEntryType<M extends EntryUse> {
  NetworkWeights weights();

  /** Lines that tell this entry from every other one of the same weights. */
  List<String> identity();

  /** Whether an entry serves any device; otherwise it is kept for the CPU alone. */
  default boolean anyDevice() {
    return false;
  }

  /** What the entry takes on disk while it is being made. */
  long bytes();

  /** Fills an empty folder, which is renamed afterwards. */
  void build(Path folder, SessionSettings settings) throws IOException, OrtException;

  /**
   * Opens a complete entry.
   *
   * @param origin {@code cache} or {@code built}
   */
  M load(Path entry, SessionSettings settings, String origin) throws IOException, OrtException;

  /** Opens the network where nothing can be kept, as {@code uncached}. */
  M uncached(SessionSettings settings) throws IOException, OrtException;
}
