package io.github.consistencydecoder.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A norm of known statistics and its affine part are one scale and one shift. */
class FoldedNormsTest {
  @TempDir Path folder;

  private interface Check {
    void of(ConsistencyWeights weights) throws IOException;
  }

  private void withWeights(Check check) throws IOException {
    Path file = folder.resolve("weights.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), file);
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      check.of(ConsistencyWeights.of(checkpoint, Optional.empty()));
    }
  }

  @Test
  void everyNormIsFoldedWithItsOwnStatisticsAndAffinePart() throws IOException {
    withWeights(
        weights -> {
          ConsistencyNetwork network = weights.network();
          float[] statistics = SyntheticWeights.input("statistics", network.statisticsLength());
          for (int i = 0; i < statistics.length; i++) {
            statistics[i] = Math.abs(statistics[i]) + 0.1f;
          }
          float[] conditioning = Conditioning.of(weights, 512);
          float[] folded = new FoldedNorms(weights).fold(conditioning, statistics);
          int at = 0;
          int conditioned = 0;
          int measured = 0;
          for (Block b : network.blocks()) {
            float[] gamma = floats(weights, b.name() + ".norm1.weight");
            float[] beta = floats(weights, b.name() + ".norm1.bias");
            at = check(network, folded, at, statistics, measured, gamma, beta);
            measured += 2 * network.groups();
            int half = conditioned + b.out();
            gamma = Arrays.copyOfRange(conditioning, conditioned, half);
            beta = Arrays.copyOfRange(conditioning, half, half + b.out());
            conditioned = half + b.out();
            at = check(network, folded, at, statistics, measured, gamma, beta);
            measured += 2 * network.groups();
          }
          float[] gamma = floats(weights, "conv_norm_out.weight");
          float[] beta = floats(weights, "conv_norm_out.bias");
          at = check(network, folded, at, statistics, measured, gamma, beta);
          assertThat(at).isEqualTo(folded.length);
        });
  }

  /** Whether scale and shift do to a value what norm and affine part do. */
  private static int check(
      ConsistencyNetwork network,
      float[] folded,
      int at,
      float[] statistics,
      int measured,
      float[] gamma,
      float[] beta) {
    int channels = gamma.length;
    float x = 0.7f;
    for (int c = 0; c < channels; c++) {
      int group = c / (channels / network.groups());
      double mean = statistics[measured + group];
      double variance = statistics[measured + network.groups() + group];
      double expected = (x - mean) / Math.sqrt(variance + network.epsilon()) * gamma[c] + beta[c];
      assertThat(x * folded[at + c] + folded[at + channels + c])
          .isCloseTo((float) expected, Offset.offset(1e-5f));
    }
    return at + 2 * channels;
  }

  private static float[] floats(ConsistencyWeights weights, String name) throws IOException {
    return weights.checkpoint().floats(weights.tensor(name));
  }

  @Test
  void statisticsOfAnotherNetworkAreRefused() throws IOException {
    withWeights(
        weights ->
            assertThatThrownBy(
                    () ->
                        new FoldedNorms(weights).fold(Conditioning.of(weights, 512), new float[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 statistics were given"));
  }
}
