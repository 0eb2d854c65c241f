package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.models.network.ConsistencyGraph;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NormStatistics;
import io.github.consistencydecoder.models.network.PreparedWeights;
import io.github.consistencydecoder.models.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One step of a consistency decoder with a graph for each size of picture over transformed weights,
 * which are what is kept. They depend on nothing but the checkpoint.
 */
record WinogradSteps(ConsistencyWeights weights) implements CachedNetwork<StepModel> {
  /** Start of the line that tells this kind of entry; the version follows. */
  static final String IDENTITY = "transformed weights, version ";

  static final int VERSION = ConsistencyGraph.PREPARED_VERSION;

  private static final String WEIGHTS = "winograd.weights";
  private static final String INDEX = "winograd.index";

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
    new StepRecipe(weights, ElementType.FLOAT32).addFiles(folder);
  }

  @Override
  public StepModel load(Path entry, SessionSettings settings, String origin) throws IOException {
    return new StepModel(
        session(entry, settings, NormStatistics.OWN),
        StepRecipe.conditioning(entry),
        origin,
        entry);
  }

  /** The transformed weights of a complete entry. */
  static PreparedWeights prepared(Path entry) throws IOException {
    Path folder = entry.toRealPath();
    return PreparedWeights.read(folder.resolve(WEIGHTS), folder.resolve(INDEX));
  }

  /** Opens a complete entry for graphs with a choice of statistics. */
  NetworkRunner session(Path entry, SessionSettings settings, NormStatistics statistics)
      throws IOException {
    PreparedWeights prepared = prepared(entry);
    Path root = GraphCache.root(weights, prepared.file());
    SessionPerSize.Writing graphs =
        (size, form) ->
            ConsistencyGraph.writeSized(weights, statistics, prepared, size, form, root);
    return new NetworkRunner(
        new SessionPerSize(graphs, settings, weights.network()), settings.device(), statistics);
  }

  @Override
  public StepModel uncached(SessionSettings settings) throws IOException, OrtException {
    // Gigabytes of transformed weights for one start cost more than they gain.
    return new OptimisedNetwork<>(new StepRecipe(weights, ElementType.FLOAT32)).uncached(settings);
  }
}
