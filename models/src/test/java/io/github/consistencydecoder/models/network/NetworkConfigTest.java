package io.github.consistencydecoder.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.testing.FuzzCorpus;
import io.github.consistencydecoder.testing.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Right configurations, and one hostile one a rule; docs/hostile-files.md lists them. */
class NetworkConfigTest {
  @TempDir Path folder;

  private Path write(String json) throws IOException {
    return Files.writeString(folder.resolve("config.json"), json);
  }

  private static void refused(Path file, long offset, String reason) throws IOException {
    FormatException refusal =
        Refusal.of(FormatException.class, Files.size(file), file, NetworkConfig::read, reason);
    assertThat(refusal.byteOffset()).as("offset").isEqualTo(offset);
  }

  private void refused(String json, long offset, String reason) throws IOException {
    refused(write(json), offset, reason);
  }

  @Test
  void theConfigurationOfTheConsistencyDecoderIsRead() throws IOException {
    NetworkConfig config =
        NetworkConfig.read(
            write(
                """
                {
                  "_class_name": "ConsistencyDecoderVAE",
                  "_diffusers_version": "0.40.0",
                  "block_out_channels": [128, 256, 512, 512],
                  "decoder_add_attention": false,
                  "decoder_block_out_channels": [320, 640, 1024, 1024],
                  "decoder_down_block_types": ["ResnetDownsampleBlock2D"],
                  "decoder_in_channels": 7,
                  "decoder_layers_per_block": 3,
                  "decoder_norm_eps": 1e-05,
                  "decoder_norm_num_groups": 32,
                  "decoder_num_train_timesteps": 1024,
                  "decoder_out_channels": 6,
                  "encoder_norm_num_groups": 16,
                  "latent_channels": 4,
                  "norm_num_groups": 8,
                  "latents_mean": null,
                  "nested": {"deep": [{"er": {}}]},
                  "scaling_factor": 0.18215,
                  "shift_factor": null
                }
                """));
    assertThat(config.className()).contains("ConsistencyDecoderVAE");
    assertThat(config.said())
        .isEqualTo(
            Map.of(
                "block_out_channels", "[128, 256, 512, 512]",
                "decoder_add_attention", "false",
                "decoder_block_out_channels", "[320, 640, 1024, 1024]",
                "decoder_down_block_types", "ResnetDownsampleBlock2D",
                "decoder_in_channels", "7",
                "decoder_layers_per_block", "3",
                "decoder_num_train_timesteps", "1024",
                "decoder_out_channels", "6"));
    assertThat(config.decoderNormNumGroups()).hasValue(32);
    assertThat(config.decoderNormEps()).hasValue(1e-5);
    assertThat(config.encoderNormNumGroups()).hasValue(16);
    assertThat(config.normNumGroups()).hasValue(8);
    assertThat(config.scalingFactor()).hasValue(0.18215);
  }

  @Test
  void whatIsNotThereIsAbsent() throws IOException {
    assertThat(NetworkConfig.read(write("{\"shift_factor\": 0.0}")))
        .isEqualTo(NetworkConfig.absent());
    assertThat(NetworkConfig.absent().className()).isEmpty();
    assertThat(NetworkConfig.absent().scalingFactor()).isEmpty();
  }

  @Test
  void aMissingFileIsNotAWrongFile() {
    assertThatThrownBy(() -> NetworkConfig.read(folder.resolve("config.json")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aFolderIsNotRead() {
    assertThatThrownBy(() -> NetworkConfig.read(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not a regular file");
  }

  @ParameterizedTest
  @CsvSource({
    "decoder_layers_per_block, 16",
    "decoder_norm_num_groups, 1024",
    "decoder_in_channels, 64",
    "decoder_out_channels, 64",
    "decoder_num_train_timesteps, 100000",
  })
  void aNumberOutsideItsRangeIsRefused(String key, int max) throws IOException {
    int at = key.length() + 4;
    refused("{\"" + key + "\":0}", at, key + " is 0, needs 1 .. " + max);
    refused("{\"" + key + "\":" + (max + 1) + "}", at, ", needs 1 .. " + max);
    refused("{\"" + key + "\":-3}", at, key + " is -3, needs a whole number");
    refused("{\"" + key + "\":1.5}", at, key + " is 1.5, needs a whole number");
    refused("{\"" + key + "\":\"7\"}", at, key + " is the string '7'");
    refused("{\"" + key + "\":18446744073709551617}", at, "needs a number below 2^63");
  }

  /** What breaks a rule, where it is told, and in which words. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a class name that is no string is refused | {"_class_name":[]} | 15 | _class_name is an array
          widths that are no array are refused | {"decoder_block_out_channels":320} | 30 | is 320, needs an array
          no widths are refused | {"decoder_block_out_channels":[]} | 31 | is empty, needs the channels
          too many widths are refused | {"decoder_block_out_channels":[1,1,1,1,1,1,1,1,1]} | 47 | has more than 8 levels
          a width of a billion is refused | {"decoder_block_out_channels":[1000000000]} | 31 | decoder_block_out_channels is 1000000000, needs 1 .. 8192
          an infinite epsilon is refused | {"decoder_norm_eps":1e999} | 20 | decoder_norm_eps is 1e999, needs a finite number
          the latents of flux are refused by name | {"latent_channels":16} | 19 | as of Stable Diffusion 3 or Flux
          the latents of flux are refused by name | {"shift_factor":0.1159} | 16 | shift_factor is 0.1159, as of Stable Diffusion 3 or Flux
          latents of another kind are refused | {"latent_channels":3} | 19 | needs the 4 of Stable Diffusion 1.x
          the scaling factor of sdxl is refused by name | {"scaling_factor":0.13025} | 18 | scaling_factor is 0.13025, as of SDXL
          a duplicate key is refused | {"latent_channels":4,"latent_channels":16} | 38 | duplicate key "latent_channels"
          a duplicate key in an ignored value is refused | {"other":{"a":1,"a":2}} | 19 | duplicate key "a"
          an array for a configuration is refused | [1] | 0 | the configuration is an array, needs an object
          an empty file is refused | `` | 0 | the configuration is nothing, needs an object
          a cut file is refused | {"latent_channels":4 | 20 | not valid JSON
          a cut file is refused | {"other":[1, | 12 | not valid JSON
          text after the end is refused | {} {} | 3 | more follows the end of the configuration
          a byte order mark is refused | \ufeff{} | 0 | not valid JSON
          """)
  void oneRuleEach(String rule, String json, long offset, String reason) throws IOException {
    refused(json, offset, reason);
  }

  @Test
  void anEndlessClassNameIsRefused() throws IOException {
    refused(
        "{\"_class_name\":\"" + "x".repeat(201) + "\"}", 15, "a string of at most 200 characters");
  }

  @ParameterizedTest
  @CsvSource({"0", "-1e-5", "0.2"})
  void anImpossibleEpsilonIsRefused(String value) throws IOException {
    refused("{\"decoder_norm_eps\":" + value + "}", 20, "needs a number in (0, 0.1]");
  }

  @Test
  void aBlockTypeThatIsNoWordIsRefused() throws IOException {
    refused("{\"act_fn\":{}}", 10, "act_fn is an object, needs words or numbers");
    refused("{\"up_block_types\":[[\"a\"]]}", 19, "up_block_types is an array, needs words");
    refused("{\"latents_std\":[" + "1,".repeat(64) + "1]}", 144, "has more than 64 values");
  }

  @Test
  void notANumberIsNotJson() throws IOException {
    refused("{\"decoder_norm_eps\":NaN}", 23, "not valid JSON");
  }

  @ParameterizedTest
  @CsvSource({"0", "-0.18215", "1e9"})
  void anImpossibleScalingFactorIsRefused(String value) throws IOException {
    refused("{\"scaling_factor\":" + value + "}", 18, "needs a number in (0, 100]");
  }

  @Test
  void aNumberOfAThousandDigitsIsRefused() throws IOException {
    refused("{\"scaling_factor\":" + "9".repeat(1000) + "}", 1018, "not valid JSON");
  }

  @Test
  void deepNestingIsRefused() throws IOException {
    refused("{\"other\":" + "[".repeat(100_000) + "}", 41, "nested deeper than 32");
  }

  @Test
  void aFileThatIsNotUtf8IsRefused() throws IOException {
    Path file =
        Files.write(
            folder.resolve("config.json"), "{\"é\":1}".getBytes(StandardCharsets.ISO_8859_1));
    refused(file, 2, "not UTF-8");
  }

  @Test
  void aFileOfManyMegabytesIsRefusedUnread() throws IOException {
    Path file = folder.resolve("config.json");
    try (var channel =
        java.nio.channels.FileChannel.open(
            file,
            java.nio.file.StandardOpenOption.CREATE_NEW,
            java.nio.file.StandardOpenOption.WRITE)) {
      // A hole: nothing is on the disk.
      assertThat(channel.write(java.nio.ByteBuffer.allocate(1), 1L << 33)).isEqualTo(1);
    }
    FormatException refusal =
        Refusal.of(
            FormatException.class,
            0,
            file,
            NetworkConfig::read,
            "a JSON file of 8589934593 bytes, at most 16777216");
    assertThat(refusal.byteOffset()).isEqualTo(-1);
  }

  @Test
  void changedConfigurationsAreAcceptedOrRefused() throws IOException {
    FuzzCorpus.replay("config", FuzzNetworkConfigTest.seeds(), FuzzNetworkConfigTest::read);
  }
}
