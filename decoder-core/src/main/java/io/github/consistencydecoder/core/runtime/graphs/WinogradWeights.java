package io.github.consistencydecoder.core.runtime.graphs;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.runtime.SessionPerSize;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.SharedNormSteps;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import io.github.consistencydecoder.models.network.graph.NormStatistics;
import io.github.consistencydecoder.models.network.graph.PreparedWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Transformed weights of a consistency decoder, for graphs in Winograd's form that are written for
 * each size of picture. They depend on nothing but the checkpoint, and serve whole pictures, tiles
 * and bands.
 *
 * @param weights of the network
 * @param loading opens a complete entry
 * @param instead opens the network where nothing can be kept: gigabytes of transformed weights for
 *     one start cost more than they gain
 * @param <M> what is opened
 */
record WinogradWeights<M extends EntryUse>(
    ConsistencyWeights weights, Loading<M> loading, Instead<M> instead)
    implements CacheEntryType<M> {
  /** Start of the line that tells this kind of entry; the version follows. */
  static final String IDENTITY = "transformed weights, version ";

  static final int VERSION = ConsistencyGraph.PREPARED_VERSION;

  private static final String WEIGHTS = "winograd.weights";
  private static final String INDEX = "winograd.index";

  /**
   * As {@link CacheEntryType#load}.
   *
   * @param <M> what is opened
   */
  interface Loading<M> {
    M load(Path entry, SessionSettings settings, String origin) throws IOException;
  }

  /**
   * As {@link CacheEntryType#uncached}.
   *
   * @param <M> what is opened
   */
  interface Instead<M> {
    M open(SessionSettings settings) throws IOException, OrtException;
  }

  /** Whole pictures. */
  static WinogradWeights<StepModel> step(ConsistencyWeights weights) {
    return new WinogradWeights<>(
        weights,
        (entry, settings, origin) ->
            new StepModel(
                runner(weights, NormStatistics.OWN, entry, settings),
                StepModel.conditioning(entry),
                origin),
        OptimisedGraph.step(weights, ElementType.FLOAT32)::uncached);
  }

  /** Tiles. */
  static WinogradWeights<SharedNormSteps> sharedNorms(ConsistencyWeights weights) {
    return new WinogradWeights<>(
        weights,
        (entry, settings, origin) ->
            new SharedNormSteps(
                weights,
                runner(weights, NormStatistics.MEASURED, entry, settings),
                runner(weights, NormStatistics.GIVEN, entry, settings)),
        settings -> {
          NetworkRunner measuring = plain(weights, NormStatistics.MEASURED, settings);
          try {
            return new SharedNormSteps(
                weights, measuring, plain(weights, NormStatistics.GIVEN, settings));
          } catch (IOException | OrtException | RuntimeException e) {
            measuring.close();
            throw e;
          }
        });
  }

  private static NetworkRunner plain(
      ConsistencyWeights weights, NormStatistics statistics, SessionSettings settings)
      throws IOException, OrtException {
    return OptimisedGraph.sharedNorms(weights, statistics, ElementType.FLOAT32).uncached(settings);
  }

  /** Bands. */
  static WinogradWeights<BandWeights> bands(ConsistencyWeights weights) {
    return new WinogradWeights<>(
        weights,
        (entry, settings, origin) ->
            new BandWeights(weights, prepared(entry), true, Optional.empty()),
        new BandWeights.Entry(weights)::uncached);
  }

  @Override
  public List<String> identity() {
    return List.of("network " + weights.network(), IDENTITY + VERSION);
  }

  @Override
  public long bytes() {
    return ConsistencyGraph.preparedBytes(weights);
  }

  @Override
  public void build(Path folder, SessionSettings settings) throws IOException {
    Path file = folder.resolve(WEIGHTS);
    ConsistencyGraph.prepare(weights, file, GraphCache.root(weights, file))
        .writeIndex(folder.resolve(INDEX));
    StepModel.writeConditioning(weights, folder);
  }

  @Override
  public M load(Path entry, SessionSettings settings, String origin) throws IOException {
    return loading.load(entry, settings, origin);
  }

  @Override
  public M uncached(SessionSettings settings) throws IOException, OrtException {
    return instead.open(settings);
  }

  private static PreparedWeights prepared(Path entry) throws IOException {
    Path folder = entry.toRealPath();
    return PreparedWeights.read(folder.resolve(WEIGHTS), folder.resolve(INDEX));
  }

  private static NetworkRunner runner(
      ConsistencyWeights weights, NormStatistics statistics, Path entry, SessionSettings settings)
      throws IOException {
    PreparedWeights prepared = prepared(entry);
    Path root = GraphCache.root(weights, prepared.file());
    SessionPerSize.Writing graphs =
        (size, form) ->
            ConsistencyGraph.writeSized(weights, statistics, prepared, size, form, root);
    return new NetworkRunner(
        new SessionPerSize(graphs, settings, weights.network()), settings.device(), statistics);
  }
}
