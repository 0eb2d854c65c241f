package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyGraph;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NormStatistics;
import io.github.consistencydecoder.models.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One step of a consistency decoder, with the conditioning of the usual timesteps beside it. */
record StepRecipe(ConsistencyWeights weights, ElementType type) implements GraphRecipe<StepModel> {
  /** Start of the line that tells this kind of entry; the version follows. */
  static final String IDENTITY = "graph ";

  static final int VERSION = ConsistencyGraph.VERSION;

  /** Timesteps whose conditioning is kept with the graph: the published schedule's. */
  private static final List<Integer> KEPT_TIMESTEPS = List.of(1008, 512);

  @Override
  public String identity() {
    return "network " + weights.network() + "\n" + IDENTITY + VERSION;
  }

  @Override
  public long parameters() {
    return weights.network().parameters();
  }

  @Override
  public NetworkGraph write(Path derived, Path root) throws IOException {
    return ConsistencyGraph.write(weights, type, derived, root);
  }

  @Override
  public void addFiles(Path folder) throws IOException {
    for (int t : KEPT_TIMESTEPS) {
      FloatFile.write(conditioningFile(folder, t), Conditioning.of(weights, t));
    }
  }

  @Override
  public StepModel open(SessionHandle handle, Device device, String origin, Path entry)
      throws IOException {
    return new StepModel(
        NetworkRunner.of(handle, device, forecast(entry), NormStatistics.OWN),
        conditioning(entry),
        origin,
        entry);
  }

  /** By the graph that is executed; without an entry it cannot be seen. */
  private RunForecast forecast(Path entry) throws IOException {
    return entry.toString().isEmpty()
        ? RunForecast.NONE
        : RunForecast.of(OptimisedNetwork.optimised(entry), weights.network());
  }

  /** What {@link #addFiles} kept; empty where there is no entry. */
  static Map<Integer, float[]> conditioning(Path entry) throws IOException {
    Map<Integer, float[]> conditioning = new LinkedHashMap<>();
    for (int t : KEPT_TIMESTEPS) {
      if (!entry.toString().isEmpty()) {
        conditioning.put(t, FloatFile.read(conditioningFile(entry, t)));
      }
    }
    return conditioning;
  }

  private static Path conditioningFile(Path entry, int timestep) {
    return entry.resolve("conditioning-" + timestep + ".f32");
  }
}
