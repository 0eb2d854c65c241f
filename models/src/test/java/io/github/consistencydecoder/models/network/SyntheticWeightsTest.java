package io.github.consistencydecoder.models.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticWeightsTest {
  @TempDir Path folder;

  /** Values that the specification of the synthetic weights prints for its first tensor. */
  @Test
  void hashesAreTheKnownOnes() {
    assertThat(SyntheticWeights.hash("conv_in.weight", 4))
        .containsExactly(-0.41046607f, -0.14054626f, 0.378165f, -0.34184122f);
  }

  @Test
  void whatIsWrittenIsRecognised() throws Exception {
    ConsistencyNetwork network =
        new ConsistencyNetwork(List.of(32, 32, 64, 64), 2, 32, 1e-5f, 64, 1024, 6);
    Path file = folder.resolve("synthetic.safetensors");
    SyntheticWeights.write(network, file);
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      ConsistencyWeights weights = ConsistencyWeights.of(checkpoint, Optional.empty());
      assertThat(weights.network()).isEqualTo(network);
      assertThat(weights.unused()).isZero();
      assertThat(checkpoint.floats(weights.tensor("conv_out.bias")))
          .isEqualTo(SyntheticWeights.weight("conv_out.bias", List.of(6L)));
    }
  }
}
