package io.github.consistencydecoder.models.network.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.testing.NameTable;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VaeNetworkTest {
  private static final List<Integer> WIDTHS = List.of(128, 256, 512, 512);
  private static final VaeNetwork DECODER =
      new VaeNetwork(AutoencoderPart.DECODER, WIDTHS, 3, 32, 1e-6f);
  private static final VaeNetwork ENCODER =
      new VaeNetwork(AutoencoderPart.ENCODER, WIDTHS, 2, 32, 1e-6f);

  @Test
  void thePublishedNetworkHasThePublishedTensors() throws Exception {
    Map<String, List<Long>> published = new HashMap<>();
    NameTable.of("sd-vae").forEach(row -> published.put(row.diffusers(), row.shape()));
    Map<String, List<Long>> both = new HashMap<>(DECODER.tensors());
    both.putAll(ENCODER.tensors());
    assertThat(both).hasSize(248).isEqualTo(published);
  }

  @Test
  void thePublishedNetworkHasThePublishedNumberOfParameters() {
    assertThat(DECODER.parameters()).isEqualTo(49_490_179 + 20);
    assertThat(ENCODER.parameters()).isEqualTo(34_163_592 + 72);
  }

  @Test
  void operationsAreThePublishedOnes() {
    assertThat(DECODER.operations(512, 512) / 1e9).isCloseTo(2_514.52, within(0.01));
    assertThat(DECODER.operations(1024, 1024) / 1e9).isCloseTo(10_470.39, within(0.01));
    assertThat(ENCODER.operations(512, 512) / 1e9).isCloseTo(1_116.66, within(0.01));
    assertThat(ENCODER.operations(1024, 1024) / 1e9).isCloseTo(4_878.95, within(0.01));
  }

  @Test
  void theAttentionsScoresAreInThePeakOfLargePictures() {
    double scores = Math.pow(4096.0 * 4096 / 64, 2);
    assertThat(DECODER.peakValues(4096, 4096)).isGreaterThan(2 * scores);
    assertThat(DECODER.peakValues(512, 512)).isBetween(0.5e9 / 4, 1.2e9 / 4);
  }

  @Test
  void everyOriginalNameIsUnderstoodWithEveryPrefix() throws Exception {
    for (NameTable.Row row : NameTable.of("sd-vae")) {
      assertThat(VaeTensorNames.canonical(row.diffusers())).isEqualTo(row.diffusers());
      for (String prefix : List.of("", "first_stage_model.", "vae.", "model.first_stage_model.")) {
        assertThat(VaeTensorNames.canonical(prefix + row.original())).isEqualTo(row.diffusers());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "query.weight, to_q.weight",
    "key.bias, to_k.bias",
    "value.weight, to_v.weight",
    "proj_attn.bias, to_out.0.bias"
  })
  void deprecatedNamesOfTheAttentionAreUnderstood(String deprecated, String present) {
    String attention = "encoder.mid_block.attentions.0.";
    assertThat(VaeTensorNames.canonical(attention + deprecated)).isEqualTo(attention + present);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "encoder.layers.0.weight",
        "loss.discriminator.main.0.weight",
        "model_ema.decay",
        "decoder.up_blocks.0.resnets.0.time_emb_proj.weight",
        "decoder_unet.conv_in.weight",
        "cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight",
        "encoder.mid_block.attentions.1.to_q.weight",
        "conv_in.weight"
      })
  void otherNamesAreNot(String name) {
    assertThat(VaeTensorNames.canonical(name)).isNull();
  }

  @Test
  void twoTensorsOfOneMeaningAreRefused() {
    assertThatThrownBy(
            () ->
                VaeTensorNames.match(
                    List.of(
                        tensor("quant_conv.bias"), tensor("first_stage_model.quant_conv.bias"))))
        .isInstanceOf(DecoderException.class)
        .hasMessageContaining(
            "'quant_conv.bias' and 'first_stage_model.quant_conv.bias' both mean");
  }

  private static TensorInfo tensor(String name) {
    return new TensorInfo(name, DType.F32, List.of(8L), List.of(1L), Path.of("file"), 0, 32);
  }
}
