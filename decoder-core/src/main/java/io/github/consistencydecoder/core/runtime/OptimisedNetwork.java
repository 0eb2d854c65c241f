package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.cache.EntryUse;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A network whose optimised graph is kept: weights reordered as the processor's kernels want them.
 *
 * @param recipe how its graph is written and what its session becomes
 * @param <M> what is opened
 */
record OptimisedNetwork<M extends EntryUse>(GraphRecipe<M> recipe) implements CachedNetwork<M> {
  /** Starts of lines. */
  static final String TYPE = "type ";

  static final String RUNTIME = "runtime ";
  static final String PROCESSOR = "cpu ";

  private static final String MODEL = "model.onnx";
  private static final String WEIGHTS = "model.weights";
  private static final String DERIVED = "derived.weights";

  @Override
  public NetworkWeights weights() {
    return recipe.weights();
  }

  @Override
  public List<String> identity() {
    return List.of(
        recipe.identity(),
        TYPE + recipe.type(),
        RUNTIME + OnnxRuntime.version(),
        PROCESSOR + CpuFeatures.line());
  }

  @Override
  public long bytes() {
    // Reordered weights plus the folded ones, in float32 as the CPU's kernels want them.
    return 4 * recipe.parameters() * 5 / 4;
  }

  @Override
  public void build(Path folder, SessionSettings settings) throws IOException, OrtException {
    NetworkGraph graph = graph(folder.resolve(DERIVED));
    Sessions.optimise(graph, settings, folder.resolve(MODEL), WEIGHTS);
    Files.delete(folder.resolve(DERIVED));
    recipe.addFiles(folder);
  }

  @Override
  public M load(Path entry, SessionSettings settings, String origin)
      throws IOException, OrtException {
    return opened(Sessions.openOptimised(entry.resolve(MODEL), settings), settings, origin, entry);
  }

  @Override
  public M uncached(SessionSettings settings) throws IOException, OrtException {
    return opened(SessionHandle.by(() -> fresh(settings)), settings, "uncached", Path.of(""));
  }

  private SessionHandle fresh(SessionSettings settings) throws IOException, OrtException {
    Path temporary = Files.createTempDirectory("consistency-decoder-").toRealPath();
    try {
      return Sessions.open(graph(temporary.resolve(DERIVED)), settings);
    } finally {
      // The session has copied the weights or, where files may be deleted while they are mapped,
      // keeps them alive.
      Folders.deleteOrLeave(temporary);
    }
  }

  /** The optimised graph of a complete entry. */
  static byte[] optimised(Path entry) throws IOException {
    return Files.readAllBytes(entry.resolve(MODEL));
  }

  private NetworkGraph graph(Path derived) throws IOException {
    return recipe.write(derived, GraphCache.root(recipe.weights(), derived));
  }

  /** What a recipe makes of a session, which is closed if that fails. */
  private M opened(SessionHandle handle, SessionSettings settings, String origin, Path entry)
      throws IOException, OrtException {
    try {
      return recipe.open(handle, settings.device(), origin, entry);
    } catch (IOException | RuntimeException e) {
      handle.close();
      throw e;
    }
  }
}
