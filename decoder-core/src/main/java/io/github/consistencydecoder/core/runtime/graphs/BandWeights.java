package io.github.consistencydecoder.core.runtime.graphs;

import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.models.network.graph.PreparedWeights;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What decoding in bands needs of a network besides the checkpoint.
 *
 * <p>Owns the folder it lies in if that is a temporary one. Safe for use by several threads.
 */
public final class BandWeights implements EntryUse, AutoCloseable {
  private final ConsistencyWeights weights;
  private final PreparedWeights prepared;
  private final boolean tiled;
  private final Optional<Path> temporary;

  /** Of the cache, which this was opened from. */
  private volatile CacheLocks.Held entry = CacheLocks.Held.NONE;

  BandWeights(
      ConsistencyWeights weights,
      PreparedWeights prepared,
      boolean tiled,
      Optional<Path> temporary) {
    this.weights = weights;
    this.prepared = prepared;
    this.tiled = tiled;
    this.temporary = temporary;
  }

  /** The network. */
  public ConsistencyWeights weights() {
    return weights;
  }

  /** Whether convolutions are in Winograd's form. */
  public boolean tiled() {
    return tiled;
  }

  /** Graphs over these weights. */
  public BandGraphs graphs() {
    return new BandGraphs(weights, prepared, GraphCache.root(weights, prepared.file()), tiled);
  }

  @Override
  public void closeToo(CacheLocks.Held held) {
    this.entry = held;
  }

  @Override
  public void close() {
    entry.close();
    try {
      if (temporary.isPresent()) {
        GraphCache.deleteOrLeave(temporary.get());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
