package io.github.consistencydecoder.models.network.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.TaesdTensorNames;
import io.github.consistencydecoder.testing.NameTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TaesdNetworkTest {
  private static final TaesdNetwork DECODER =
      new TaesdNetwork(AutoencoderPart.DECODER, 64, List.of(3, 3, 3, 1));
  private static final TaesdNetwork ENCODER =
      new TaesdNetwork(AutoencoderPart.ENCODER, 64, List.of(1, 3, 3, 3));

  @Test
  void thePublishedNetworkHasThePublishedTensors() throws Exception {
    Map<String, List<Long>> published = new HashMap<>();
    NameTable.of("taesd").forEach(row -> published.put(row.diffusers(), row.shape()));
    Map<String, List<Long>> both = new HashMap<>(DECODER.tensors());
    both.putAll(ENCODER.tensors());
    assertThat(both).hasSize(134).isEqualTo(published);
    assertThat(DECODER.parameters()).isEqualTo(1_222_531);
    assertThat(ENCODER.parameters()).isEqualTo(1_222_532);
  }

  @Test
  void operationsAreThePublishedOnes() {
    assertThat(DECODER.operations(512, 512) / 1e9).isCloseTo(141.35, within(0.01));
    assertThat(ENCODER.operations(512, 512) / 1e9).isCloseTo(122.32, within(0.01));
  }

  @ParameterizedTest
  @EnumSource(AutoencoderPart.class)
  void theOriginalFilesNumbersAreUnderstood(AutoencoderPart part) throws Exception {
    for (String prefix : List.of("", part.prefix(), "taesd_" + part.prefix())) {
      List<TensorInfo> tensors = new ArrayList<>();
      List<String> diffusers = new ArrayList<>();
      for (NameTable.Row row : NameTable.of("taesd")) {
        if (row.diffusers().startsWith(part.prefix())) {
          tensors.add(tensor(prefix + row.original()));
          diffusers.add(row.diffusers());
        }
      }
      assertThat(TaesdTensorNames.match(tensors).get(part))
          .hasSize(67)
          .containsOnlyKeys(diffusers)
          .allSatisfy((name, t) -> assertThat(tail(t.name())).isEqualTo(tail(name)));
    }
  }

  @Test
  void diffusersNamesAreUnderstood() throws Exception {
    for (NameTable.Row row : NameTable.of("taesd")) {
      var found = TaesdTensorNames.match(List.of(tensor("vae." + row.diffusers())));
      AutoencoderPart part =
          row.diffusers().startsWith("d") ? AutoencoderPart.DECODER : AutoencoderPart.ENCODER;
      assertThat(found.get(part)).containsOnlyKeys(row.diffusers());
    }
  }

  private static String tail(String name) {
    return name.substring(name.indexOf('.', name.replaceFirst("\\d.*", "").length()));
  }

  private static TensorInfo tensor(String name) {
    return new TensorInfo(name, DType.F32, List.of(8L), List.of(1L), Path.of("file"), 0, 32);
  }
}
