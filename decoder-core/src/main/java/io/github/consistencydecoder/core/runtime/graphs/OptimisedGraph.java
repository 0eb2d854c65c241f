package io.github.consistencydecoder.core.runtime.graphs;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.memory.RunForecast;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.core.runtime.Session;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.autoencoder.RunnableNetwork;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import io.github.consistencydecoder.models.network.graph.NormStatistics;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import io.github.consistencydecoder.models.store.cache.FileTree;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * An optimised graph: weights reordered as the processor's kernels want them.
 *
 * @param weights of the network
 * @param network lines that tell the graph from every other one of the same weights and type
 * @param type precision of the graph
 * @param parameters of the network
 * @param writing writes the graph as it is before it is optimised
 * @param beside adds what is kept beside the graph
 * @param opening makes a session usable, and owns it if it returns
 * @param <M> what is opened
 */
record OptimisedGraph<M extends EntryUse>(
    NetworkWeights weights,
    String network,
    ElementType type,
    long parameters,
    Writing writing,
    Beside beside,
    Opening<M> opening)
    implements CacheEntryType<M> {
  /** Starts of the lines that tell a step's graph, its version follows, and any other network. */
  static final String STEP = "graph ";

  static final String NETWORK = "network ";

  /** Starts of lines of every such entry. */
  static final String TYPE = "type ";

  static final String RUNTIME = "runtime ";
  static final String PROCESSOR = "cpu ";

  private static final String MODEL = "model.onnx";
  private static final String WEIGHTS = "model.weights";
  private static final String DERIVED = "derived.weights";

  /** Writes a graph; weights that have to be derived go to a file. */
  interface Writing {
    NetworkGraph write(Path derived, Path root) throws IOException;
  }

  /** Adds files to a folder. */
  interface Beside {
    void add(Path folder) throws IOException;
  }

  /**
   * Makes something of a session.
   *
   * @param <M> what is made
   */
  interface Opening<M> {
    /**
     * Makes it.
     *
     * @param origin {@code cache}, {@code built} or {@code uncached}
     * @param entry folder of the cached graph; empty path if there is none
     */
    M open(Session session, Device device, String origin, Path entry) throws IOException;
  }

  /** One step of a consistency decoder, with the conditioning of the usual timesteps beside it. */
  static OptimisedGraph<StepModel> step(ConsistencyWeights weights, ElementType type) {
    return new OptimisedGraph<>(
        weights,
        stepIdentity(weights),
        type,
        weights.network().parameters(),
        (derived, root) -> ConsistencyGraph.write(weights, type, derived, root),
        folder -> StepModel.writeConditioning(weights, folder),
        (session, device, origin, entry) ->
            new StepModel(
                NetworkRunner.of(session, device, forecast(weights, entry), NormStatistics.OWN),
                StepModel.conditioning(entry),
                origin));
  }

  /** By the graph that is executed; without an entry it cannot be seen. */
  private static RunForecast forecast(ConsistencyWeights weights, Path entry) throws IOException {
    return entry.toString().isEmpty()
        ? RunForecast.NONE
        : RunForecast.of(
            Files.readAllBytes(entry.resolve(MODEL)), weights.network(), OnnxRuntime.version());
  }

  private static String stepIdentity(ConsistencyWeights weights) {
    return NETWORK + weights.network() + "\n" + STEP + ConsistencyGraph.VERSION;
  }

  /** One step of a consistency decoder that measures its norms' statistics or is given them. */
  static OptimisedGraph<NetworkRunner> sharedNorms(
      ConsistencyWeights weights, NormStatistics statistics, ElementType type) {
    return new OptimisedGraph<>(
        weights,
        stepIdentity(weights) + "\nstatistics " + statistics,
        type,
        weights.network().parameters(),
        (derived, root) -> ConsistencyGraph.write(weights, statistics, type, derived, root),
        // The conditioning is beside the graph of the whole step.
        folder -> {},
        (session, device, origin, entry) ->
            NetworkRunner.of(session, device, RunForecast.NONE, statistics));
  }

  /** A network of one input and one output, with nothing beside it. */
  static OptimisedGraph<NetworkSession> network(RunnableNetwork network, ElementType type) {
    return new OptimisedGraph<>(
        network,
        NETWORK + network.identity(),
        type,
        network.parameters(),
        (derived, root) -> network.write(type, derived, root),
        folder -> {},
        (session, device, origin, entry) -> new NetworkSession(session, device, origin));
  }

  @Override
  public List<String> identity() {
    return List.of(
        network, TYPE + type, RUNTIME + OnnxRuntime.version(), PROCESSOR + EntryForms.processor());
  }

  @Override
  public long bytes() {
    // Reordered weights plus the folded ones, in float32 as the CPU's kernels want them.
    return 4 * parameters * 5 / 4;
  }

  @Override
  public void build(Path folder, SessionSettings settings) throws IOException, OrtException {
    Path derived = folder.resolve(DERIVED);
    NetworkGraph graph = writing.write(derived, GraphCache.root(weights, derived));
    Session.optimise(graph, settings, folder.resolve(MODEL), WEIGHTS);
    Files.delete(derived);
    beside.add(folder);
  }

  @Override
  public M load(Path entry, SessionSettings settings, String origin)
      throws IOException, OrtException {
    return opened(Session.openOptimised(entry.resolve(MODEL), settings), settings, origin, entry);
  }

  @Override
  public M uncached(SessionSettings settings) throws IOException, OrtException {
    return opened(
        fresh(
            folder -> {
              Path derived = folder.resolve(DERIVED);
              return writing.write(derived, GraphCache.root(weights, derived));
            },
            settings),
        settings,
        "uncached",
        Path.of(""));
  }

  private M opened(Session session, SessionSettings settings, String origin, Path entry)
      throws IOException {
    try {
      return opening.open(session, settings.device(), origin, entry);
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** Writes a graph, with its weights if they are derived, below a folder. */
  interface FolderWriting {
    NetworkGraph graph(Path folder) throws IOException;
  }

  /** A session, which can be opened again, of a graph that is written anew each time. */
  static Session fresh(FolderWriting writing, SessionSettings settings)
      throws IOException, OrtException {
    return Session.by(
        () -> {
          Path temporary = Files.createTempDirectory("consistency-decoder-").toRealPath();
          try {
            return Session.open(writing.graph(temporary), settings);
          } finally {
            // The session has copied the weights or, where files may be deleted while they are
            // mapped, keeps them alive.
            deleteOrLeave(temporary);
          }
        });
  }

  /** Deletes a folder, or what of it can be deleted: the rest goes when the process ends. */
  static void deleteOrLeave(Path folder) throws IOException {
    try {
      FileTree.delete(folder);
    } catch (FileSystemException e) {
      try (Stream<Path> walk = Files.walk(folder)) {
        // Registered from the outside in, since they go in the opposite order.
        walk.forEach(p -> p.toFile().deleteOnExit());
      }
    }
  }
}
