package io.github.consistencydecoder.core.runtime.graphs;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.memory.RunForecast;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.runtime.Session;
import io.github.consistencydecoder.core.runtime.SessionPool;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.StepSessions;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.graph.ChannelsLastGraph;
import io.github.consistencydecoder.models.network.onnx.ElementType;
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
record ChannelsLastEntry(ConsistencyWeights weights, ElementType type, boolean fused)
    implements CacheEntryType<StepModel> {
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
        OptimisedGraph.TYPE + type,
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
    StepModel.writeConditioning(weights, folder);
  }

  @Override
  public StepModel load(Path entry, SessionSettings settings, String origin)
      throws IOException, OrtException {
    Path folder = entry.toRealPath();
    SessionPool.Opening<Session> opening =
        () ->
            Session.open(
                new NetworkGraph(Files.readAllBytes(folder.resolve(MODEL)), folder), settings);
    return opened(Session.by(opening), MOST_SESSIONS, settings, origin, entry);
  }

  @Override
  public StepModel uncached(SessionSettings settings) throws IOException, OrtException {
    return opened(
        OptimisedGraph.fresh(this::graph, settings), 1, settings, "uncached", Path.of(""));
  }

  /** The graph, all of whose weights go into one file in that folder. */
  private NetworkGraph graph(Path folder) throws IOException {
    return ChannelsLastGraph.write(
        weights, new ChannelsLastGraph.Variant(type, fused), folder.resolve(WEIGHTS), folder);
  }

  private StepModel opened(
      Session session, int sessions, SessionSettings settings, String origin, Path entry)
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
              StepSessions.of(session, device, sessions, RunForecast.NONE, limits), device),
          StepModel.conditioning(entry),
          origin);
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }
}
