package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyGraph;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /** Timesteps whose conditioning is kept with the graph: the published schedule's. */
  private static final List<Integer> KEPT_TIMESTEPS = List.of(1008, 512);

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
   * Opens a network, from the cache if possible.
   *
   * @param digest of the weights
   * @param type precision of the graph
   */
  public StepModel open(
      ConsistencyWeights weights, String digest, ElementType type, SessionSettings settings)
      throws IOException {
    try {
      if (settings.device().kind() != Device.Kind.CPU) {
        // What the CUDA provider makes of a graph cannot be saved, and the weights go to the device
        // anyway.
        return uncached(weights, type, settings);
      }
      String key = key(weights, digest, type);
      Path entry = folder.resolve(CacheManifest.name(key));
      Optional<StepModel> cached = load(entry, key, settings);
      if (cached.isPresent()) {
        return cached.get();
      }
      try {
        build(weights, type, settings, key, entry);
      } catch (IOException e) {
        LOG.warn(
            "the optimised graph cannot be kept in {} ({}); the next start will be as slow",
            folder,
            e.toString());
        return uncached(weights, type, settings);
      }
      return load(entry, key, settings)
          .map(m -> new StepModel(m.session(), m.conditioning(), "built", m.folder()))
          .orElseThrow(
              () -> new IOException("the graph just written to " + entry + " cannot be read back"));
    } catch (OrtException e) {
      throw failed(weights, e);
    }
  }

  private static DecoderException failed(ConsistencyWeights weights, OrtException e) {
    return new DecoderException(
        DecoderErrorCode.RUNTIME_FAILED,
        "ONNX Runtime cannot open "
            + weights.checkpoint().path().getFileName()
            + ": "
            + e.getMessage(),
        e);
  }

  private static String key(ConsistencyWeights weights, String digest, ElementType type) {
    return String.join(
        "\n",
        "weights " + digest,
        "network " + weights.network(),
        "graph " + ConsistencyGraph.VERSION,
        "type " + type,
        "runtime " + OnnxRuntime.version(),
        "cpu " + CpuFeatures.line());
  }

  private Optional<StepModel> load(Path entry, String key, SessionSettings settings) {
    if (!Files.isDirectory(entry)) {
      return Optional.empty();
    }
    try {
      Optional<String> problem = CacheManifest.problem(entry, key);
      if (problem.isPresent()) {
        LOG.info("the cached graph {} is not used: {}", entry.getFileName(), problem.get());
        return Optional.empty();
      }
      Map<Integer, float[]> conditioning = new LinkedHashMap<>();
      for (int t : KEPT_TIMESTEPS) {
        conditioning.put(t, FloatFile.read(conditioningFile(entry, t)));
      }
      SessionHandle handle = Sessions.openOptimised(entry.resolve(MODEL), settings);
      return Optional.of(
          new StepModel(new StepSession(handle, settings.device()), conditioning, "cache", entry));
    } catch (IOException | OrtException e) {
      LOG.info("the cached graph {} is damaged: {}", entry.getFileName(), e.toString());
      return Optional.empty();
    }
  }

  private void build(
      ConsistencyWeights weights,
      ElementType type,
      SessionSettings settings,
      String key,
      Path entry)
      throws IOException, OrtException {
    Files.createDirectories(folder);
    Folders.deleteLeftovers(folder, LEFTOVERS, LEFTOVER_AGE);
    Path building = Files.createTempDirectory(folder.toRealPath(), ".building-");
    try {
      checkSpace(weights, building);
      NetworkGraph graph = graph(weights, type, building.resolve(DERIVED));
      Sessions.optimise(graph, settings, building.resolve(MODEL), WEIGHTS);
      Files.delete(building.resolve(DERIVED));
      for (int t : KEPT_TIMESTEPS) {
        FloatFile.write(conditioningFile(building, t), Conditioning.of(weights, t));
      }
      CacheManifest.write(building, key);
      replace(building, entry);
    } catch (IOException | OrtException | RuntimeException e) {
      Folders.delete(building);
      throw e;
    }
  }

  private static NetworkGraph graph(ConsistencyWeights weights, ElementType type, Path derived)
      throws IOException {
    return ConsistencyGraph.write(weights, type, derived, root(weights, derived));
  }

  /**
   * The folder that holds the checkpoint's files and the derived ones; just the latter's where they
   * lie on several drives.
   */
  static Path root(ConsistencyWeights weights, Path derived) {
    List<Path> files = new ArrayList<>(weights.checkpoint().files());
    files.add(derived);
    return Folders.commonAncestor(files).orElse(derived.getParent());
  }

  private static void checkSpace(ConsistencyWeights weights, Path building) throws IOException {
    // Reordered weights plus the folded ones, in float32 as the CPU's kernels want them.
    long needed = 4 * weights.network().parameters() * 5 / 4;
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

  private StepModel uncached(ConsistencyWeights weights, ElementType type, SessionSettings settings)
      throws IOException, OrtException {
    Path temporary = Files.createTempDirectory("consistency-decoder-").toRealPath();
    try {
      NetworkGraph graph = graph(weights, type, temporary.resolve(DERIVED));
      SessionHandle handle = Sessions.open(graph, settings);
      return new StepModel(
          new StepSession(handle, settings.device()), Map.of(), "uncached", Path.of(""));
    } finally {
      // The session has copied the weights or, where files may be deleted while they are mapped,
      // keeps them alive.
      Folders.deleteOrLeave(temporary);
    }
  }

  private static Path conditioningFile(Path entry, int timestep) {
    return entry.resolve("conditioning-" + timestep + ".f32");
  }
}
