package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.RunnableNetwork;
import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens networks, and keeps the optimised graph of each on disk so that the next start only maps
 * it.
 *
 * <p>A cached graph is used if its {@link CacheManifest} says that it was made from the same
 * weights with the same options by the same runtime for the same processor, and if its files look
 * untouched; otherwise it is built again. A graph is built under a temporary name and renamed when
 * it is complete, so that several processes may build the same one at once.
 *
 * <p>Safe for use by several threads.
 */
public final class GraphCache {
  private static final Logger LOG = LoggerFactory.getLogger(GraphCache.class);

  private static final String MODEL = "model.onnx";
  private static final String WEIGHTS = "model.weights";
  private static final String DERIVED = "derived.weights";

  /** What a process that was killed while it built or replaced a graph leaves behind. */
  private static final List<String> LEFTOVERS = List.of(".building-", ".old-");

  /** No build takes this long. */
  private static final Duration LEFTOVER_AGE = Duration.ofDays(1);

  private final Path folder;

  /**
   * A cache below a folder.
   *
   * @param folder created when needed
   */
  public GraphCache(Path folder) {
    this.folder = folder.resolve("graphs");
  }

  /**
   * Opens a consistency decoder's network, from the cache if possible.
   *
   * @param digest of the weights
   * @param type precision of the graph
   */
  public StepModel open(
      ConsistencyWeights weights, String digest, ElementType type, SessionSettings settings)
      throws IOException {
    return open(new StepRecipe(weights, type), digest, settings);
  }

  /**
   * Opens a network of one input and one output, from the cache if possible.
   *
   * @param digest of the weights
   * @param type precision of the graph
   */
  public NetworkModel open(
      RunnableNetwork network, String digest, ElementType type, SessionSettings settings)
      throws IOException {
    return open(new NetworkRecipe(network, type), digest, settings);
  }

  private <M> M open(GraphRecipe<M> recipe, String digest, SessionSettings settings)
      throws IOException {
    try {
      if (settings.device().kind() != Device.Kind.CPU) {
        // What the CUDA provider makes of a graph cannot be saved, and the weights go to the device
        // anyway.
        return uncached(recipe, settings);
      }
      String key = key(recipe, digest);
      Path entry = folder.resolve(CacheManifest.name(key));
      Optional<M> cached = load(recipe, entry, key, settings, "cache");
      if (cached.isPresent()) {
        return cached.get();
      }
      try {
        build(recipe, settings, key, entry);
      } catch (IOException e) {
        LOG.warn(
            "the optimised graph cannot be kept in {} ({}); the next start will be as slow",
            folder,
            e.toString());
        return uncached(recipe, settings);
      }
      return load(recipe, entry, key, settings, "built")
          .orElseThrow(
              () -> new IOException("the graph just written to " + entry + " cannot be read back"));
    } catch (OrtException e) {
      throw failed(recipe.weights(), e);
    }
  }

  private static DecoderException failed(NetworkWeights weights, OrtException e) {
    return new DecoderException(
        DecoderErrorCode.RUNTIME_FAILED,
        "ONNX Runtime cannot open "
            + weights.checkpoint().path().getFileName()
            + ": "
            + e.getMessage(),
        e);
  }

  private static String key(GraphRecipe<?> recipe, String digest) {
    return String.join(
        "\n",
        "weights " + digest,
        recipe.identity(),
        "type " + recipe.type(),
        "runtime " + OnnxRuntime.version(),
        "cpu " + CpuFeatures.line());
  }

  private static <M> Optional<M> load(
      GraphRecipe<M> recipe, Path entry, String key, SessionSettings settings, String origin) {
    if (!Files.isDirectory(entry)) {
      return Optional.empty();
    }
    try {
      Optional<String> problem = CacheManifest.problem(entry, key);
      if (problem.isPresent()) {
        LOG.info("the cached graph {} is not used: {}", entry.getFileName(), problem.get());
        return Optional.empty();
      }
      SessionHandle handle = Sessions.openOptimised(entry.resolve(MODEL), settings);
      return Optional.of(opened(recipe, handle, settings, origin, entry));
    } catch (IOException | OrtException e) {
      LOG.info("the cached graph {} is damaged: {}", entry.getFileName(), e.toString());
      return Optional.empty();
    }
  }

  /** What a recipe makes of a session, which is closed if that fails. */
  private static <M> M opened(
      GraphRecipe<M> recipe,
      SessionHandle handle,
      SessionSettings settings,
      String origin,
      Path entry)
      throws IOException, OrtException {
    try {
      return recipe.open(handle, settings.device(), origin, entry);
    } catch (IOException | RuntimeException e) {
      handle.close();
      throw e;
    }
  }

  private void build(GraphRecipe<?> recipe, SessionSettings settings, String key, Path entry)
      throws IOException, OrtException {
    Files.createDirectories(folder);
    Folders.deleteLeftovers(folder, LEFTOVERS, LEFTOVER_AGE);
    Path building = Files.createTempDirectory(folder.toRealPath(), ".building-");
    try {
      checkSpace(recipe, building);
      NetworkGraph graph = graph(recipe, building.resolve(DERIVED));
      Sessions.optimise(graph, settings, building.resolve(MODEL), WEIGHTS);
      Files.delete(building.resolve(DERIVED));
      recipe.addFiles(building);
      CacheManifest.write(building, key);
      replace(building, entry);
    } catch (IOException | OrtException | RuntimeException e) {
      Folders.delete(building);
      throw e;
    }
  }

  private static NetworkGraph graph(GraphRecipe<?> recipe, Path derived) throws IOException {
    return recipe.write(derived, root(recipe.weights(), derived));
  }

  /**
   * The folder that holds the checkpoint's files and the derived ones; just the latter's where they
   * lie on several drives.
   */
  static Path root(NetworkWeights weights, Path derived) {
    List<Path> files = new ArrayList<>(weights.checkpoint().files());
    files.add(derived);
    return Folders.commonAncestor(files).orElse(derived.getParent());
  }

  private static void checkSpace(GraphRecipe<?> recipe, Path building) throws IOException {
    // Reordered weights plus the folded ones, in float32 as the CPU's kernels want them.
    long needed = 4 * recipe.parameters() * 5 / 4;
    long free = Files.getFileStore(building).getUsableSpace();
    if (free < needed) {
      throw new IOException(
          needed / 1_000_000 + " MB are needed, " + free / 1_000_000 + " MB are free");
    }
  }

  private static void replace(Path building, Path entry) throws IOException {
    if (Files.isDirectory(entry)) {
      // Stale or damaged: it goes out of the way in one rename, so that nobody ever sees half of
      // it.
      Path old = Files.createTempDirectory(entry.getParent(), ".old-");
      Files.move(entry, old.resolve("entry"), StandardCopyOption.ATOMIC_MOVE);
      Folders.delete(old);
    }
    try {
      Files.move(building, entry, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!Files.isDirectory(entry)) {
        throw e;
      }
      // Another process was first; its graph is as good as ours.
      Folders.delete(building);
    }
  }

  private static <M> M uncached(GraphRecipe<M> recipe, SessionSettings settings)
      throws IOException, OrtException {
    Path temporary = Files.createTempDirectory("consistency-decoder-").toRealPath();
    try {
      NetworkGraph graph = graph(recipe, temporary.resolve(DERIVED));
      SessionHandle handle = Sessions.open(graph, settings);
      return opened(recipe, handle, settings, "uncached", Path.of(""));
    } finally {
      // The session has copied the weights or, where files may be deleted while they are mapped,
      // keeps them alive.
      Folders.deleteOrLeave(temporary);
    }
  }
}
