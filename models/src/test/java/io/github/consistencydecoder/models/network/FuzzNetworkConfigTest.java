package io.github.consistencydecoder.models.network;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import io.github.consistencydecoder.testing.FuzzCorpus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.MethodSource;

/** Ten minutes of Jazzer with -Pfuzz. */
@Tag("fuzz")
class FuzzNetworkConfigTest {
  static Stream<byte[]> seeds() {
    return Stream.of(
            "{\"_class_name\":\"X\",\"decoder_block_out_channels\":[3,4],\"shift_factor\":null}",
            "{\"decoder_norm_eps\":1e-05,\"decoder_norm_num_groups\":32,\"other\":[{}]}",
            "{\"latent_channels\":4,\"scaling_factor\":0.18215,\"decoder_in_channels\":7}")
        .map(s -> s.getBytes(StandardCharsets.UTF_8));
  }

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "10m")
  void config(byte[] input) {
    FuzzCorpus.check(input, FuzzNetworkConfigTest::read);
  }

  static void read(byte[] input) {
    try {
      new NetworkConfigReader()
          .read(
              StrictJson.of(
                  Path.of("fuzz"), input, 0, input.length, 0, CheckpointLimits.defaults()));
    } catch (FormatException expected) {
      assertThat(expected.byteOffset()).isLessThanOrEqualTo(input.length);
    }
  }
}
