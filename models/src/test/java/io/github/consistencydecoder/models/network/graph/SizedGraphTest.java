package io.github.consistencydecoder.models.network.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which convolutions a graph for one size of picture has in which form. */
class SizedGraphTest {
  @TempDir private Path folder;

  /** Kernels of the products that make a convolution; empty if it is written directly. */
  private static Optional<String> kernels(ModelProto model, String convolution) {
    return model.getGraph().getNodeList().stream()
        .filter(n -> n.getOutput(0).startsWith(convolution + "."))
        .filter(n -> n.getOutput(0).endsWith(".products"))
        .map(NodeProto::getInputList)
        .map(inputs -> inputs.get(0))
        .findFirst();
  }

  @Test
  void theLowestResolutionHasSmallTilesOnceItIsLargeEnough() throws IOException {
    Path file = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), file);
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      ConsistencyWeights weights = ConsistencyWeights.of(checkpoint, Optional.empty());
      PreparedWeights prepared =
          ConsistencyGraph.prepare(weights, folder.resolve("transformed"), folder);
      assertThat(prepared.file()).hasSize(ConsistencyGraph.preparedBytes(weights));
      ModelProto large = graph(weights, prepared, 200, 264);
      ModelProto small = graph(weights, prepared, 120, 128);
      String middle = "mid_block.resnets.0.conv1";
      assertThat(kernels(large, middle)).contains(middle + ".winograd2");
      assertThat(kernels(small, middle)).isEmpty();
      String higher = "up_blocks.1.resnets.0.conv1";
      assertThat(kernels(large, higher)).contains(higher + ".winograd");
      assertThat(kernels(small, higher)).contains(higher + ".winograd");
    }
  }

  private ModelProto graph(
      ConsistencyWeights weights, PreparedWeights prepared, int height, int width)
      throws IOException {
    ConsistencyGraph.Size size = new ConsistencyGraph.Size(height, width);
    return ModelProto.parseFrom(
        ConsistencyGraph.writeSized(
                weights, NormStatistics.OWN, prepared, size, SizedForm.USUAL, folder)
            .model());
  }
}
