package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.models.network.ChannelsLastGraph;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One step of a consistency decoder channels last. What is kept is the graph as it was written,
 * with its weights converted and in the kernels' order: it depends on the checkpoint alone, and
 * saves reading and converting gigabytes at the next start.
 *
 * @param type of weights and activations
 * @param fused whether it is for CUDA
 */
record ChannelsLastSteps(ConsistencyWeights weights, ElementType type, boolean fused)
    implements CachedNetwork<StepModel> {
  /** Start of the line that tells this kind of entry; the version follows. */
  static final String IDENTITY = "channels last, version ";

  static final int VERSION = ChannelsLastGraph.VERSION;

  /**
   * So that a batch takes no more memory than a picture of 1024x1024. That a larger run would be
   * faster has not been measured.
   */
  private static final long TOGETHER = 1024 * 1024;

  /** Each holds the weights on the device, and opens in about the time of a few decodes. */
  private static final int MOST_SESSIONS = 3;

  private static final String MODEL = "model.onnx";
  private static final String WEIGHTS = "model.weights";

  @Override
  public List<String> identity() {
    return List.of(
        "network " + weights.network(),
        IDENTITY + VERSION,
        OptimisedNetwork.TYPE + type,
        fused ? "fused operators" : "standard operators");
  }

  @Override
  public boolean anyDevice() {
    return true;
  }

  @Override
  public long bytes() {
    // Two doubling kernels of four taps take the place of one of nine.
    return type.bytes() * weights.network().parameters() * 11 / 10;
  }

  @Override
  public void build(Path folder, SessionSettings settings) throws IOException {
    Files.write(folder.resolve(MODEL), graph(folder).model());
    new StepRecipe(weights, type).addFiles(folder);
  }

  @Override
  public StepModel load(Path entry, SessionSettings settings, String origin)
      throws IOException, OrtException {
    Path folder = entry.toRealPath();
    SessionPool.Opening<SessionHandle> opening =
        () ->
            Sessions.open(
                new NetworkGraph(Files.readAllBytes(folder.resolve(MODEL)), folder), settings);
    return opened(SessionHandle.by(opening), MOST_SESSIONS, settings, origin, entry);
  }

  @Override
  public StepModel uncached(SessionSettings settings) throws IOException, OrtException {
    return opened(SessionHandle.by(() -> fresh(settings)), 1, settings, "uncached", Path.of(""));
  }

  private SessionHandle fresh(SessionSettings settings) throws IOException, OrtException {
    Path temporary = Files.createTempDirectory("consistency-decoder-").toRealPath();
    try {
      return Sessions.open(graph(temporary), settings);
    } finally {
      // The session has copied the weights.
      Folders.deleteOrLeave(temporary);
    }
  }

  /** The graph, all of whose weights go into one file in that folder. */
  private NetworkGraph graph(Path folder) throws IOException {
    return ChannelsLastGraph.write(
        weights, new ChannelsLastGraph.Variant(type, fused), folder.resolve(WEIGHTS), folder);
  }

  private StepModel opened(
      SessionHandle handle, int sessions, SessionSettings settings, String origin, Path entry)
      throws IOException {
    StepSessions.Limits limits =
        new StepSessions.Limits(
            ChannelsLastGraph.mostPixels(weights.network()),
            TOGETHER,
            ChannelsLastGraph.bytesPerPixel(weights.network(), type));
    try {
      Device device = settings.device();
      return new StepModel(
          new NetworkRunner(
              StepSessions.of(handle, device, sessions, RunForecast.NONE, limits), device),
          StepRecipe.conditioning(entry),
          origin,
          entry);
    } catch (IOException | RuntimeException e) {
      handle.close();
      throw e;
    }
  }
}
