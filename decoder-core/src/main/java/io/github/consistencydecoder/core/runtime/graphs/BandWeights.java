package io.github.consistencydecoder.core.runtime.graphs;

import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.models.network.graph.PreparedWeights;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        OptimisedGraph.deleteOrLeave(temporary.get());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A consistency decoder evaluated in bands with the runtime's own convolutions: what is kept is
   * the weights that the checkpoint does not hold as they are used, which depend on nothing else.
   */
  record Entry(ConsistencyWeights weights) implements CacheEntryType<BandWeights> {
    /** Start of the line that tells this kind of entry; the version follows. */
    static final String IDENTITY = "weights for bands, version ";

    static final int VERSION = BandGraphs.PREPARED_VERSION;

    private static final String WEIGHTS = "bands.weights";
    private static final String INDEX = "bands.index";

    @Override
    public List<String> identity() {
      return List.of("network " + weights.network(), IDENTITY + VERSION);
    }

    @Override
    public long bytes() {
      return BandGraphs.preparedBytes(weights);
    }

    @Override
    public void build(Path folder, SessionSettings settings) throws IOException {
      prepare(folder).writeIndex(folder.resolve(INDEX));
    }

    @Override
    public BandWeights load(Path entry, SessionSettings settings, String origin)
        throws IOException {
      Path folder = entry.toRealPath();
      PreparedWeights prepared =
          PreparedWeights.read(folder.resolve(WEIGHTS), folder.resolve(INDEX));
      return new BandWeights(weights, prepared, false, Optional.empty());
    }

    @Override
    public BandWeights uncached(SessionSettings settings) throws IOException {
      Path temporary = Files.createTempDirectory("consistency-decoder-").toRealPath();
      try {
        return new BandWeights(weights, prepare(temporary), false, Optional.of(temporary));
      } catch (IOException | RuntimeException e) {
        OptimisedGraph.deleteOrLeave(temporary);
        throw e;
      }
    }

    private PreparedWeights prepare(Path folder) throws IOException {
      Path file = folder.resolve(WEIGHTS);
      return BandGraphs.prepare(weights, file, GraphCache.root(weights, file));
    }
  }
}
