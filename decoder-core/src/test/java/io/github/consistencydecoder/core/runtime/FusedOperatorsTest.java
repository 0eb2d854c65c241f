package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.graph.ChannelsLastGraph;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The runtime reads the graph for CUDA without a GPU: it knows the operators, finds every type and
 * shape right, and only then finds that the CPU has no kernels for them.
 */
class FusedOperatorsTest {
  private static final SessionSettings CPU =
      new SessionSettings(new Device(Device.Kind.CPU, 0, "test"), 1);

  @TempDir Path folder;

  private NetworkGraph graph(ElementType type) throws Exception {
    Path file = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), file);
    Path root = folder.toRealPath();
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return ChannelsLastGraph.write(
          ConsistencyWeights.of(checkpoint, Optional.empty()),
          new ChannelsLastGraph.Variant(type, true),
          root.resolve("weights"),
          root);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT16", "FLOAT32"})
  void onlyKernelsAreMissingOnTheCpu(ElementType type) throws Exception {
    NetworkGraph graph = graph(type);
    assertThatThrownBy(() -> Session.open(graph, CPU).close())
        .isInstanceOfSatisfying(
            OrtException.class,
            e -> assertThat(e.getCode()).isEqualTo(OrtException.OrtErrorCode.ORT_NOT_IMPLEMENTED))
        .hasMessageContaining("NhwcConv(1)");
  }
}
