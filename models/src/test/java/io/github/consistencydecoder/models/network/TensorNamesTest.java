package io.github.consistencydecoder.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorNamesTest {
  private static TensorInfo tensor(String name) {
    return new TensorInfo(name, DType.F32, List.of(2L), List.of(1L), Path.of("file"), 0, 8);
  }

  private static String one(String name) {
    return TensorNames.match(List.of(tensor(name))).keySet().stream().findFirst().orElse("");
  }

  @ParameterizedTest
  @CsvSource({
    "decoder_unet.up_blocks.0.resnets.1.conv1.weight, up_blocks.0.resnets.1.conv1.weight",
    "module.decoder_unet.conv_in.bias, conv_in.bias",
    "blocks.up_3_conv_1.f_1.w, up_blocks.0.resnets.1.conv1.weight",
    "blocks.up_0_conv_3.f_s.b, up_blocks.3.resnets.3.conv_shortcut.bias",
    "blocks.down_2_downsamp.gn_2.g, down_blocks.2.downsamplers.0.norm2.weight",
    "blocks.up_1_upsamp.f_t.b, up_blocks.2.upsamplers.0.time_emb_proj.bias",
    "blocks.mid_1.gn_1.b, mid_block.resnets.1.norm1.bias",
    "mid.0.f_2.weight, mid_block.resnets.0.conv2.weight",
    "blocks.embed_image.f.w, conv_in.weight",
    "embed_time.emb.weight, time_proj.weight",
    "blocks.embed_time.f_2.b, time_embedding.linear_2.bias",
    "blocks.output.gn.g, conv_norm_out.weight",
    "output.f.bias, conv_out.bias",
    "model/blocks/down_0_conv_0/f_1/w, down_blocks.0.resnets.0.conv1.weight",
  })
  void namesOfEveryConventionAreUnderstood(String name, String canonical) {
    assertThat(one(name)).isEqualTo(canonical);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "encoder.down_blocks.0.resnets.0.conv1.weight",
        "quant_conv.weight",
        "up_blocks.0.attentions.0.group_norm.weight",
        "up_blocks.0.resnets.99999.conv1.weight",
        "down_blocks.resnets.0.conv1.weight",
        "conv_in",
        ""
      })
  void strangersAreLeftOut(String name) {
    assertThat(one(name)).isEmpty();
  }

  @Test
  void plainNumbersMeanTheResamplerWhenTheyAreTheLast() {
    List<TensorInfo> tensors = new ArrayList<>();
    for (int j = 0; j < 4; j++) {
      tensors.add(tensor("down.0." + j + ".f_1.weight"));
    }
    tensors.add(tensor("up.3.4.f_1.weight"));
    tensors.add(tensor("up.3.3.f_1.weight"));
    assertThat(TensorNames.match(tensors).keySet())
        .containsExactly(
            "down_blocks.0.resnets.0.conv1.weight",
            "down_blocks.0.resnets.1.conv1.weight",
            "down_blocks.0.resnets.2.conv1.weight",
            "down_blocks.0.downsamplers.0.conv1.weight",
            "up_blocks.0.upsamplers.0.conv1.weight",
            "up_blocks.0.resnets.3.conv1.weight");
  }

  @Test
  void twoTensorsOfOneMeaningAreRefused() {
    assertThatThrownBy(
            () ->
                TensorNames.match(
                    List.of(tensor("mid.0.f_2.weight"), tensor("blocks.mid_0.f_2.w"))))
        .isInstanceOf(DecoderException.class)
        .hasMessageContaining("mid.0.f_2.weight")
        .hasMessageContaining("blocks.mid_0.f_2.w");
  }

  /**
   * All 407 names in all three conventions, from the specification's table: diffusers, renamed
   * original, TorchScript.
   */
  @Test
  void everyPublishedNameIsUnderstood() throws Exception {
    Path table =
        Path.of(System.getProperty("project.root"))
            .resolve("../shared/spec/tensors-consistency-decoder.tsv");
    Assumptions.assumeTrue(Files.exists(table), "the specification's table is not here: skipped");
    List<String[]> rows =
        Files.readAllLines(table).stream().skip(1).map(l -> l.split("\t")).toList();
    for (int column = 0; column < 3; column++) {
      List<TensorInfo> tensors = new ArrayList<>();
      List<String> expected = new ArrayList<>();
      for (String[] row : rows) {
        tensors.add(tensor(row[column]));
        expected.add(row[0]);
      }
      Map<String, TensorInfo> found = TensorNames.match(tensors);
      assertThat(found.keySet()).containsExactlyElementsOf(expected);
    }
  }
}
