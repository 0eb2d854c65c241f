package io.github.consistencydecoder.core.runtime.graphs;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.SharedNormSteps;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.autoencoder.RunnableNetwork;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import io.github.consistencydecoder.models.network.graph.NormStatistics;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.CacheManifest;
import io.github.consistencydecoder.models.store.cache.EntryCheck;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import io.github.consistencydecoder.models.store.cache.FileTree;
import io.github.consistencydecoder.models.store.cache.TemporaryFolder;
import io.github.consistencydecoder.models.store.cache.UseRecords;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens networks, and keeps the optimised graph of each on disk so that the next start only maps
 * it.
 *
 * <p>A cached graph is used if its {@link CacheManifest} says that it was made from the same
 * weights with the same options by the same runtime for the same processor, and if its files are
 * untouched; otherwise it is built again. Large files are read while the graph is already in use,
 * and {@link #vouch} says whether they were sound. A graph is built under a temporary name and
 * renamed when it is complete, so that several processes may build the same one at once. An entry
 * that is open is locked, and each use of it is noted, for those who clean the cache.
 *
 * <p>Safe for use by several threads.
 */
public final class GraphCache {
  private static final Logger LOG = LoggerFactory.getLogger(GraphCache.class);

  private final Path cache;
  private final Path folder;
  private final CacheLocks locks;
  private final UseRecords uses;

  /** Of what is open. */
  private final Map<Path, EntryCheck> checks = new ConcurrentHashMap<>();

  /**
   * A cache below a folder.
   *
   * @param folder created when needed
   */
  public GraphCache(Path folder) {
    this.cache = folder;
    this.folder = folder.resolve("graphs");
    this.locks = new CacheLocks(folder);
    this.uses = new UseRecords(folder);
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
      return open(new ChannelsLastEntry(weights, type, fused), digest, settings);
    }
    return transformed(weights, type, settings)
        ? open(WinogradWeights.step(weights), digest, settings)
        : open(OptimisedGraph.step(weights, type), digest, settings);
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
      return open(WinogradWeights.sharedNorms(weights), digest, settings);
    }
    NetworkRunner measuring = directStep(weights, NormStatistics.MEASURED, digest, type, settings);
    try {
      return new SharedNormSteps(
          weights, measuring, directStep(weights, NormStatistics.GIVEN, digest, type, settings));
    } catch (IOException | RuntimeException e) {
      measuring.close();
      throw e;
    }
  }

  private NetworkRunner directStep(
      ConsistencyWeights weights,
      NormStatistics statistics,
      String digest,
      ElementType type,
      SessionSettings settings)
      throws IOException {
    return open(OptimisedGraph.sharedNorms(weights, statistics, type), digest, settings);
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
        ? open(WinogradWeights.bands(weights), digest, settings)
        : open(new BandWeights.Entry(weights), digest, settings);
  }

  private static boolean tiled(ConsistencyWeights weights, SessionSettings settings) {
    return settings
        .convolutions()
        .transformed(
            ConsistencyGraph.tilingPays(weights.network()),
            ConsistencyGraph.preparedBytes(weights),
            SystemMemory.here().total());
  }

  /**
   * Opens a network of one input and one output, from the cache if possible.
   *
   * @param digest of the weights
   * @param type precision of the graph
   */
  public NetworkSession open(
      RunnableNetwork network, String digest, ElementType type, SessionSettings settings)
      throws IOException {
    return open(OptimisedGraph.network(network, type), digest, settings);
  }

  <M extends EntryUse> M open(CacheEntryType<M> network, String digest, SessionSettings settings)
      throws IOException {
    try {
      if (settings.device().kind() != Device.Kind.CPU && !network.anyDevice()) {
        // What the CUDA provider makes of a graph cannot be saved, and the weights go to the device
        // anyway.
        return network.uncached(settings);
      }
      String key = "weights " + digest + "\n" + String.join("\n", network.identity());
      Path entry = folder.resolve(CacheManifest.name(key));
      // From before it is looked at, so that nobody removes it meanwhile.
      CacheLocks.Held held = locks.share(CacheManifest.name(key));
      boolean opened = false;
      try {
        Optional<M> kept = kept(network, settings, key, entry, held);
        if (kept.isEmpty()) {
          return network.uncached(settings);
        }
        opened = true;
        Checkpoint checkpoint = network.weights().checkpoint();
        uses.used(CacheManifest.name(key), digest, checkpoint.path(), checkpoint.files());
        return kept.get();
      } finally {
        if (!opened) {
          held.close();
        }
      }
    } catch (OrtException e) {
      throw failed(network.weights(), e);
    }
  }

  /** From an entry, which is made where there is none; empty where none can be made. */
  private <M extends EntryUse> Optional<M> kept(
      CacheEntryType<M> network,
      SessionSettings settings,
      String key,
      Path entry,
      CacheLocks.Held held)
      throws IOException, OrtException {
    String found = state(entry);
    Optional<M> cached = load(network, entry, key, settings, "cache", held);
    if (cached.isPresent()) {
      return cached;
    }
    try {
      build(network, settings, key, entry, found);
    } catch (IOException e) {
      LOG.warn(
          "the optimised graph cannot be kept in {} ({}); the next start will be as slow",
          folder,
          e.toString());
      return Optional.empty();
    }
    Optional<M> built = load(network, entry, key, settings, "built", held);
    if (built.isEmpty()) {
      throw new IOException("the graph just written to " + entry + " cannot be read back");
    }
    return built;
  }

  /**
   * Waits until everything that was opened from the cache, and is still open, has been read. What
   * is computed with it is to be given to nobody before.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_CORRUPT} if an entry is damaged, with
   *     {@link EntryCheck.DamagedException} as its cause; it is made anew when it is opened again
   */
  public void vouch(Cancellation cancellation) {
    checks.values().forEach(check -> check.await(cancellation));
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

  private <M extends EntryUse> Optional<M> load(
      CacheEntryType<M> network,
      Path entry,
      String key,
      SessionSettings settings,
      String origin,
      CacheLocks.Held held) {
    if (!Files.isDirectory(entry)) {
      return Optional.empty();
    }
    try {
      Optional<String> problem = CacheManifest.problem(entry, key);
      if (problem.isPresent()) {
        LOG.info("the cached graph {} is not used: {}", entry.getFileName(), problem.get());
        return Optional.empty();
      }
      beginCheck(entry, origin);
      M model = network.load(entry, settings, origin);
      model.closeToo(
          () -> {
            endCheck(entry);
            held.close();
          });
      return Optional.of(model);
    } catch (IOException | OrtException e) {
      endCheck(entry);
      LOG.info("the cached graph {} is damaged: {}", entry.getFileName(), e.toString());
      return Optional.empty();
    }
  }

  /** One for all that are opened of an entry; they are closed together. */
  private synchronized void beginCheck(Path entry, String origin) throws IOException {
    // What has just been built has just been read.
    if (!checks.containsKey(entry) && !origin.equals("built")) {
      checks.put(entry, EntryCheck.begin(entry));
    }
  }

  private synchronized void endCheck(Path entry) {
    EntryCheck check = checks.remove(entry);
    if (check != null) {
      check.close();
    }
  }

  /** Tells an entry from another one of its name that takes its place; empty if there is none. */
  private static String state(Path entry) {
    try {
      BasicFileAttributes folder = Files.readAttributes(entry, BasicFileAttributes.class);
      return folder.fileKey() + " " + folder.creationTime() + " " + folder.lastModifiedTime();
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * @param found {@link #state} of the entry that cannot be used
   */
  private void build(
      CacheEntryType<?> network, SessionSettings settings, String key, Path entry, String found)
      throws IOException, OrtException {
    TemporaryFolder.deleteLeft(cache);
    try (TemporaryFolder building = TemporaryFolder.building(cache)) {
      try {
        checkSpace(network, building.path());
        network.build(building.path(), settings);
        CacheManifest.write(building.path(), key);
        replace(building.path(), entry, found);
      } catch (IOException | OrtException | RuntimeException e) {
        FileTree.delete(building.path());
        throw e;
      }
    }
  }

  /**
   * The folder that holds the checkpoint's files and the derived ones; just the latter's where they
   * lie on several drives.
   */
  static Path root(NetworkWeights weights, Path derived) {
    Path root = derived.getParent();
    for (Path file : weights.checkpoint().files()) {
      while (root != null && !file.startsWith(root)) {
        root = root.getParent();
      }
    }
    return root == null ? derived.getParent() : root;
  }

  private static void checkSpace(CacheEntryType<?> network, Path building) throws IOException {
    long needed = network.bytes();
    long free = Files.getFileStore(building).getUsableSpace();
    if (free < needed) {
      throw new IOException(
          needed / 1_000_000 + " MB are needed, " + free / 1_000_000 + " MB are free");
    }
  }

  private void replace(Path building, Path entry, String found) throws IOException {
    CacheLocks.Held alone = locks.alone("replacing " + entry.getFileName());
    try {
      install(building, entry, found);
    } finally {
      alone.close();
    }
  }

  private void install(Path building, Path entry, String found) throws IOException {
    if (Files.isDirectory(entry)) {
      if (!state(entry).equals(found)) {
        // Another process was first, and may have it open already; it is as good as ours.
        FileTree.delete(building);
        return;
      }
      // Stale or damaged: it goes out of the way in one rename, so that nobody ever sees half of
      // it.
      try (TemporaryFolder old = TemporaryFolder.old(cache)) {
        Files.move(entry, old.path().resolve("entry"), StandardCopyOption.ATOMIC_MOVE);
        FileTree.delete(old.path());
      }
    }
    try {
      Files.move(building, entry, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!Files.isDirectory(entry)) {
        throw e;
      }
      // As above, where nothing can be locked.
      FileTree.delete(building);
    }
  }
}
