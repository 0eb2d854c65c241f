package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.models.network.ConsistencyGraph;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NormStatistics;
import io.github.consistencydecoder.models.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Path;

/** One step of a consistency decoder that measures its norms' statistics or is given them. */
record SharedNormRecipe(ConsistencyWeights weights, NormStatistics statistics, ElementType type)
    implements GraphRecipe<NetworkRunner> {
  @Override
  public String identity() {
    return "network "
        + weights.network()
        + "\n"
        + StepRecipe.IDENTITY
        + StepRecipe.VERSION
        + "\nstatistics "
        + statistics;
  }

  @Override
  public long parameters() {
    return weights.network().parameters();
  }

  @Override
  public NetworkGraph write(Path derived, Path root) throws IOException {
    return ConsistencyGraph.write(weights, statistics, type, derived, root);
  }

  @Override
  public void addFiles(Path folder) {
    // The conditioning is beside the graph of the whole step.
  }

  @Override
  public NetworkRunner open(SessionHandle handle, Device device, String origin, Path entry) {
    return NetworkRunner.of(handle, device, RunForecast.NONE, statistics);
  }
}
