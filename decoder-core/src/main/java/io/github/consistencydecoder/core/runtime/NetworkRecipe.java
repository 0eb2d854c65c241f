package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.RunnableNetwork;
import io.github.consistencydecoder.models.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Path;

/** A network of one input and one output, with nothing beside it. */
record NetworkRecipe(RunnableNetwork network, ElementType type)
    implements GraphRecipe<NetworkModel> {
  /** Start of the line that tells the network; its own identity follows. */
  static final String IDENTITY = "network ";

  @Override
  public NetworkWeights weights() {
    return network;
  }

  @Override
  public String identity() {
    return IDENTITY + network.identity();
  }

  @Override
  public long parameters() {
    return network.parameters();
  }

  @Override
  public NetworkGraph write(Path derived, Path root) throws IOException {
    return network.write(type, derived, root);
  }

  @Override
  public void addFiles(Path folder) {
    // The graph is all there is.
  }

  @Override
  public NetworkModel open(SessionHandle handle, Device device, String origin, Path entry) {
    return new NetworkModel(new NetworkSession(handle, device), origin, entry);
  }
}
