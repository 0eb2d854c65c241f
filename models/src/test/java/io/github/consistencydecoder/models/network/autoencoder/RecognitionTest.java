package io.github.consistencydecoder.models.network.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a checkpoint is recognised as, and the words with which every other one is refused. */
class RecognitionTest {
  private static final VaeNetwork DECODER =
      new VaeNetwork(AutoencoderPart.DECODER, List.of(8, 12, 16, 20), 2, 4, 1e-6f);
  private static final VaeNetwork ENCODER =
      new VaeNetwork(AutoencoderPart.ENCODER, List.of(8, 12, 16, 20), 1, 4, 1e-6f);
  private static final TaesdNetwork TINY_DECODER =
      new TaesdNetwork(AutoencoderPart.DECODER, 6, List.of(0, 2, 1, 3));
  private static final TaesdNetwork TINY_ENCODER =
      new TaesdNetwork(AutoencoderPart.ENCODER, 6, List.of(2, 0, 1, 1));

  @TempDir Path folder;

  private final Map<String, List<Long>> tensors = new LinkedHashMap<>();

  @Test
  void theVaesNetworkFollowsFromItsTensors() throws Exception {
    tensors.putAll(DECODER.tensors());
    tensors.putAll(ENCODER.tensors());
    Files.writeString(
        folder.resolve("config.json"),
        "{\"_class_name\": \"AutoencoderKL\", \"norm_num_groups\": 4}");
    try (Checkpoint checkpoint = checkpoint()) {
      assertThat(VaeWeights.of(checkpoint, AutoencoderPart.DECODER, config()).network())
          .isEqualTo(DECODER);
      assertThat(VaeWeights.of(checkpoint, AutoencoderPart.ENCODER, config()).network())
          .isEqualTo(ENCODER);
    }
  }

  @Test
  void taesdsNetworkFollowsFromItsTensors() throws Exception {
    tensors.putAll(TINY_DECODER.tensors());
    tensors.putAll(TINY_ENCODER.tensors());
    try (Checkpoint checkpoint = checkpoint()) {
      assertThat(TaesdWeights.of(checkpoint, AutoencoderPart.DECODER, config()).network())
          .isEqualTo(TINY_DECODER);
      assertThat(TaesdWeights.of(checkpoint, AutoencoderPart.ENCODER, config()).network())
          .isEqualTo(TINY_ENCODER);
    }
  }

  @Test
  void groupsThatDoNotDivideNeedTheConfiguration() throws Exception {
    tensors.putAll(DECODER.tensors());
    assertRefused(this::vaeDecoder, "20 channels", "32 groups", "config.json beside it");
  }

  @Test
  void theOtherHalfOfTheVaeIsNamed() throws Exception {
    tensors.putAll(ENCODER.tensors());
    assertRefused(
        this::vaeDecoder,
        "model.safetensors has no Stable Diffusion VAE decoder: it holds a Stable Diffusion VAE"
            + " encoder");
  }

  @Test
  void aConsistencyDecoderIsNoVae() throws Exception {
    SyntheticWeights.reducedNetwork()
        .tensors()
        .forEach((name, shape) -> tensors.put("decoder_unet." + name, shape));
    assertRefused(
        this::vaeDecoder, "has no Stable Diffusion VAE decoder: it holds a consistency decoder");
    assertRefused(this::taesdDecoder, "has no TAESD decoder: it holds a consistency decoder");
    tensors.putAll(ENCODER.tensors());
    assertRefused(
        this::vaeDecoder, "it holds a consistency decoder and a Stable Diffusion VAE encoder");
  }

  @Test
  void theEncoderBesideAConsistencyDecoderIsAnEncoder() throws Exception {
    tensors.putAll(ENCODER.tensors());
    SyntheticWeights.reducedNetwork()
        .tensors()
        .forEach((name, shape) -> tensors.put("decoder_unet." + name, shape));
    Files.writeString(
        folder.resolve("config.json"),
        "{\"_class_name\": \"ConsistencyDecoderVAE\", \"encoder_norm_num_groups\": 4}");
    try (Checkpoint checkpoint = checkpoint()) {
      assertThat(VaeWeights.of(checkpoint, AutoencoderPart.ENCODER, config()).network())
          .isEqualTo(ENCODER);
    }
  }

  @Test
  void aVaeIsNoConsistencyDecoder() throws Exception {
    tensors.putAll(DECODER.tensors());
    assertRefused(
        c -> ConsistencyWeights.of(c, config()),
        "is no consistency decoder: it holds a Stable Diffusion VAE decoder");
  }

  @Test
  void taesdIsNoVaeAndNoConsistencyDecoder() throws Exception {
    tensors.putAll(TINY_ENCODER.tensors());
    assertRefused(this::vaeDecoder, "it looks like TAESD's encoder");
    assertRefused(
        c -> ConsistencyWeights.of(c, config()),
        "is no consistency decoder: it looks like TAESD's encoder");
    assertRefused(this::taesdDecoder, "has no TAESD decoder: it looks like TAESD's encoder");
  }

  @Test
  void theConfigurationsClassMustAgree() throws Exception {
    tensors.putAll(DECODER.tensors());
    Files.writeString(folder.resolve("config.json"), "{\"_class_name\": \"VQModel\"}");
    assertRefused(this::vaeDecoder, "is a VQModel by its config.json", "AutoencoderKL");
    tensors.clear();
    tensors.putAll(TINY_DECODER.tensors());
    assertRefused(this::taesdDecoder, "is a VQModel by its config.json", "AutoencoderTiny");
  }

  @Test
  void aMissingTensorIsNamedWithItsShape() throws Exception {
    tensors.putAll(DECODER.tensors());
    tensors.remove("decoder.mid_block.attentions.0.to_k.bias");
    writeGroups();
    assertRefused(
        this::vaeDecoder, "lacks the tensor 'decoder.mid_block.attentions.0.to_k.bias'", "[20]");
    tensors.clear();
    tensors.putAll(TINY_DECODER.tensors());
    tensors.remove("decoder.layers.4.conv.2.bias");
    Files.delete(folder.resolve("config.json"));
    assertRefused(this::taesdDecoder, "lacks the tensor 'decoder.layers.4.conv.2.bias'", "[6]");
  }

  @Test
  void aTensorOfAnotherShapeIsNamedWithBothShapes() throws Exception {
    tensors.putAll(DECODER.tensors());
    tensors.put("decoder.mid_block.resnets.1.conv2.weight", List.of(20L, 20L, 1L, 1L));
    writeGroups();
    assertRefused(this::vaeDecoder, "'decoder.mid_block.resnets.1.conv2.weight'", "1, 1]", "3, 3]");
    tensors.clear();
    tensors.putAll(TINY_DECODER.tensors());
    tensors.put("decoder.layers.14.weight", List.of(3L, 5L, 3L, 3L));
    Files.delete(folder.resolve("config.json"));
    assertRefused(this::taesdDecoder, "'decoder.layers.14.weight'", "[3, 5, 3, 3]", "[3, 6, 3, 3]");
  }

  @Test
  void moreBlocksThanTheFirstLevelHasAreRefused() throws Exception {
    tensors.putAll(DECODER.tensors());
    tensors.put("decoder.up_blocks.3.resnets.2.conv1.weight", List.of(8L, 8L, 3L, 3L));
    writeGroups();
    assertRefused(
        this::vaeDecoder, "'decoder.up_blocks.3.resnets.2.conv1.weight'", "2 layers a level");
  }

  @Test
  void sixteenLatentChannelsAreNamedAsAnotherFamily() throws Exception {
    tensors.putAll(DECODER.tensors());
    tensors.put("decoder.conv_in.weight", List.of(20L, 16L, 3L, 3L));
    assertRefused(this::vaeDecoder, "latents of 16 channels, as Stable Diffusion 3 or Flux");
    tensors.clear();
    tensors.putAll(TINY_ENCODER.tensors());
    tensors.put("encoder.layers.8.weight", List.of(16L, 6L, 3L, 3L));
    assertRefused(
        c -> TaesdWeights.of(c, AutoencoderPart.ENCODER, config()),
        "latents of 16 channels, as Stable Diffusion 3 or Flux");
  }

  @Test
  void lpipsIsRecognisedAndItsPartsAreMissed() throws Exception {
    tensors.putAll(LpipsWeights.tensors());
    try (Checkpoint checkpoint = checkpoint()) {
      assertThat(LpipsWeights.of(checkpoint).parameters()).isEqualTo(722_496 + 2_240);
    }
    tensors.remove("features.9.expand3x3.bias");
    assertRefused(LpipsWeights::of, "lacks the tensor 'features.9.expand3x3.bias'", "[192]");
    tensors.remove("lin0.weight");
    assertRefused(LpipsWeights::of, "is no LPIPS over SqueezeNet: it lacks the heads");
    tensors.clear();
    tensors.put("lin0.model.1.weight", List.of(1L, 64L, 1L, 1L));
    assertRefused(LpipsWeights::of, "it lacks the network, features.0.weight");
    tensors.clear();
    tensors.putAll(TINY_DECODER.tensors());
    assertRefused(LpipsWeights::of, "is no LPIPS over SqueezeNet: it looks like TAESD's decoder");
  }

  @Test
  void whatNobodyKnowsIsDescribedByItsFirstNames() throws Exception {
    tensors.put("weird.first", List.of(2L));
    tensors.put("weird.second", List.of(2L));
    assertRefused(
        this::vaeDecoder, "none of its 2 tensors is known", "[weird.first, weird.second]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "decoder_add_attention | true",
        "decoder_block_out_channels | [8, 12, 16, 16]",
        "decoder_down_block_types | [\"ResnetDownsampleBlock2D\", \"AttnDownBlock2D\"]",
        "decoder_in_channels | 8",
        "decoder_layers_per_block | 2",
        "decoder_num_train_timesteps | 1000",
        "decoder_out_channels | 3",
        "decoder_resnet_time_scale_shift | \"default\"",
        "decoder_time_embedding_type | \"positional\"",
        "decoder_up_block_types | [\"UpBlock2D\"]",
        "scaling_factor | 0.5",
      })
  void aConfigThatContradictsAConsistencyDecoderIsRefused(String key, String value)
      throws Exception {
    tensors.putAll(SyntheticWeights.reducedNetwork().tensors());
    assertContradicts(key, value, c -> ConsistencyWeights.of(c, config()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "act_fn | \"gelu\"",
        "block_out_channels | [8, 12, 16, 16]",
        "in_channels | 4",
        "latents_mean | [0.1, 0, 0, 0]",
        "latents_std | [0.1, 0, 0, 0]",
        "layers_per_block | 2",
        "mid_block_add_attention | false",
        "out_channels | 4",
        "scaling_factor | 0.2",
        "up_block_types | [\"AttnUpDecoderBlock2D\"]",
        "use_post_quant_conv | false",
      })
  void aConfigThatContradictsAVaeIsRefused(String key, String value) throws Exception {
    tensors.putAll(DECODER.tensors());
    assertContradicts(key, value, this::vaeDecoder);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "act_fn | \"silu\"",
        "decoder_block_out_channels | [64, 64, 64, 64]",
        "in_channels | 4",
        "num_decoder_blocks | [3, 3, 3, 1]",
        "out_channels | 4",
        "scaling_factor | 0.18215",
        "upsample_fn | \"bilinear\"",
        "upsampling_scaling_factor | 4",
      })
  void aConfigThatContradictsTaesdIsRefused(String key, String value) throws Exception {
    tensors.putAll(TINY_DECODER.tensors());
    assertContradicts(key, value, this::taesdDecoder);
  }

  /** Groups are right, so that nothing but the key is refused; a strange key is not. */
  private void assertContradicts(String key, String value, Recognition recognition)
      throws IOException {
    String groups = "\"norm_num_groups\": 4, \"decoder_norm_num_groups\": 8, \"strange\": 9";
    Path config = folder.resolve("config.json");
    Files.writeString(config, "{" + groups + "}");
    try (Checkpoint checkpoint = checkpoint()) {
      assertThat(recognition.of(checkpoint)).isNotNull();
    }
    Files.writeString(config, "{" + groups + ", \"" + key + "\": " + value + "}");
    assertRefused(recognition, "config.json says that " + key + " is ", "computed for these");
  }

  private interface Recognition {
    Object of(Checkpoint checkpoint) throws IOException;
  }

  private Object vaeDecoder(Checkpoint checkpoint) throws IOException {
    return VaeWeights.of(checkpoint, AutoencoderPart.DECODER, config());
  }

  private Object taesdDecoder(Checkpoint checkpoint) throws IOException {
    return TaesdWeights.of(checkpoint, AutoencoderPart.DECODER, config());
  }

  private void assertRefused(Recognition recognition, String... words) throws IOException {
    try (Checkpoint checkpoint = checkpoint()) {
      assertThatThrownBy(() -> recognition.of(checkpoint))
          .isInstanceOfSatisfying(
              DecoderException.class,
              e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.MODEL_UNSUPPORTED))
          .hasMessageContainingAll(words);
    }
  }

  private Checkpoint checkpoint() throws IOException {
    Path file = folder.resolve("model.safetensors");
    SyntheticWeights.write(tensors, file);
    return Checkpoints.open(file);
  }

  private void writeGroups() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"norm_num_groups\": 4}");
  }

  private Optional<NetworkConfig> config() throws IOException {
    Path file = folder.resolve("config.json");
    return Files.exists(file) ? Optional.of(NetworkConfig.read(file)) : Optional.empty();
  }
}
