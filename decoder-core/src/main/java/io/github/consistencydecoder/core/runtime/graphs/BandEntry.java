package io.github.consistencydecoder.core.runtime.graphs;

import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.models.network.graph.PreparedWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A consistency decoder evaluated in bands with the runtime's own convolutions: what is kept is the
 * weights that the checkpoint does not hold as they are used, which depend on nothing else.
 */
record BandEntry(ConsistencyWeights weights) implements CacheEntryType<BandWeights> {
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
  public BandWeights load(Path entry, SessionSettings settings, String origin) throws IOException {
    Path folder = entry.toRealPath();
    PreparedWeights prepared = PreparedWeights.read(folder.resolve(WEIGHTS), folder.resolve(INDEX));
    return new BandWeights(weights, prepared, false, Optional.empty());
  }

  @Override
  public BandWeights uncached(SessionSettings settings) throws IOException {
    Path temporary = Files.createTempDirectory("consistency-decoder-").toRealPath();
    try {
      return new BandWeights(weights, prepare(temporary), false, Optional.of(temporary));
    } catch (IOException | RuntimeException e) {
      GraphCache.deleteOrLeave(temporary);
      throw e;
    }
  }

  private PreparedWeights prepare(Path folder) throws IOException {
    Path file = folder.resolve(WEIGHTS);
    return BandGraphs.prepare(weights, file, GraphCache.root(weights, file));
  }
}
