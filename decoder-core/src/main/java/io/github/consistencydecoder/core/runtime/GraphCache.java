package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.memory.ProcessMemory;
import io.github.consistencydecoder.models.network.ConsistencyGraph;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.NormStatistics;
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
    if (settings.layout().channelsLast(settings.device(), weights.network())) {
      boolean fused = settings.device().kind() == Device.Kind.CUDA;
      return open(new ChannelsLastSteps(weights, type, fused), digest, settings);
    }
    return transformed(weights, type, settings)
        ? open(new TiledSteps(weights), digest, settings)
        : open(new OptimisedNetwork<>(new StepRecipe(weights, type)), digest, settings);
  }

  /**
   * Opens a consistency decoder's network with the norms' statistics apart, from the cache if
   * possible; in Winograd's form it shares the transformed weights of {@link #open}.
   *
   * @param digest of the weights
   * @param type precision of the graph
   */
  public SharedNormSteps openSharedNorms(
      ConsistencyWeights weights, String digest, ElementType type, SessionSettings settings)
      throws IOException {
    if (transformed(weights, type, settings)) {
      return open(new TiledSharedNormSteps(new TiledSteps(weights)), digest, settings);
    }
    StepSession measuring = directStep(weights, NormStatistics.MEASURED, digest, type, settings);
    try {
      return new SharedNormSteps(
          weights, measuring, directStep(weights, NormStatistics.GIVEN, digest, type, settings));
    } catch (IOException | RuntimeException e) {
      measuring.close();
      throw e;
    }
  }

  private StepSession directStep(
      ConsistencyWeights weights,
      NormStatistics statistics,
      String digest,
      ElementType type,
      SessionSettings settings)
      throws IOException {
    return open(
        new OptimisedNetwork<>(new SharedNormRecipe(weights, statistics, type)), digest, settings);
  }

  private static boolean transformed(
      ConsistencyWeights weights, ElementType type, SessionSettings settings) {
    return type == ElementType.FLOAT32
        && settings.device().kind() == Device.Kind.CPU
        && tiled(weights, settings);
  }

  /**
   * What decoding in bands, on the CPU in float32, needs of a consistency decoder's network; from
   * the cache if possible.
   *
   * @param digest of the weights
   */
  public BandWeights openBands(ConsistencyWeights weights, String digest, SessionSettings settings)
      throws IOException {
    return tiled(weights, settings)
        ? open(new BandNetwork.Tiled(new TiledSteps(weights)), digest, settings)
        : open(new BandNetwork(weights), digest, settings);
  }

  private static boolean tiled(ConsistencyWeights weights, SessionSettings settings) {
    return settings
        .convolutions()
        .transformed(
            ConsistencyGraph.tilingPays(weights.network()),
            ConsistencyGraph.preparedBytes(weights),
            ProcessMemory.machineBytes());
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
    return open(new OptimisedNetwork<>(new NetworkRecipe(network, type)), digest, settings);
  }

  private <M> M open(CachedNetwork<M> network, String digest, SessionSettings settings)
      throws IOException {
    try {
      if (settings.device().kind() != Device.Kind.CPU && !network.anyDevice()) {
        // What the CUDA provider makes of a graph cannot be saved, and the weights go to the device
        // anyway.
        return network.uncached(settings);
      }
      String key = "weights " + digest + "\n" + String.join("\n", network.identity());
      Path entry = folder.resolve(CacheManifest.name(key));
      Optional<M> cached = load(network, entry, key, settings, "cache");
      if (cached.isPresent()) {
        return cached.get();
      }
      try {
        build(network, settings, key, entry);
      } catch (IOException e) {
        LOG.warn(
            "the optimised graph cannot be kept in {} ({}); the next start will be as slow",
            folder,
            e.toString());
        return network.uncached(settings);
      }
      return load(network, entry, key, settings, "built")
          .orElseThrow(
              () -> new IOException("the graph just written to " + entry + " cannot be read back"));
    } catch (OrtException e) {
      throw failed(network.weights(), e);
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

  private static <M> Optional<M> load(
      CachedNetwork<M> network, Path entry, String key, SessionSettings settings, String origin) {
    if (!Files.isDirectory(entry)) {
      return Optional.empty();
    }
    try {
      Optional<String> problem = CacheManifest.problem(entry, key);
      if (problem.isPresent()) {
        LOG.info("the cached graph {} is not used: {}", entry.getFileName(), problem.get());
        return Optional.empty();
      }
      return Optional.of(network.load(entry, settings, origin));
    } catch (IOException | OrtException e) {
      LOG.info("the cached graph {} is damaged: {}", entry.getFileName(), e.toString());
      return Optional.empty();
    }
  }

  private void build(CachedNetwork<?> network, SessionSettings settings, String key, Path entry)
      throws IOException, OrtException {
    Files.createDirectories(folder);
    Folders.deleteLeftovers(folder, LEFTOVERS, LEFTOVER_AGE);
    Path building = Files.createTempDirectory(folder.toRealPath(), ".building-");
    try {
      checkSpace(network, building);
      network.build(building, settings);
      CacheManifest.write(building, key);
      replace(building, entry);
    } catch (IOException | OrtException | RuntimeException e) {
      Folders.delete(building);
      throw e;
    }
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

  private static void checkSpace(CachedNetwork<?> network, Path building) throws IOException {
    long needed = network.bytes();
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
}
