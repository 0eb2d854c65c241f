package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.TestDecoders.Golden;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same weights in every published format, each file written by PyTorch or safetensors itself,
 * give the same picture.
 */
class FormatsTest {
  @TempDir Path cache;

  @ParameterizedTest
  @Tag("slow")
  @ValueSource(strings = {"f32", "f16", "bf16"})
  void everyFormatGivesTheSameBytes(String dtype) throws Exception {
    List<String> formats =
        dtype.equals("f32")
            ? List.of(
                "diffusers", "raw", "renamed", "torchscript", "statedict", "sharded", "strided")
            : List.of("diffusers", "raw", "renamed", "torchscript", "statedict");
    Golden latents =
        TestDecoders.golden(
            TestDecoders.resource("formats/" + dtype + "/expected.safetensors"), "latents");
    Golden pixels =
        TestDecoders.golden(
            TestDecoders.resource("formats/" + dtype + "/expected.safetensors"), "pixels");
    Map<String, FloatBuffer> pictures = new LinkedHashMap<>();
    for (String format : formats) {
      try (LatentDecoder decoder =
          TestDecoders.open(TestDecoders.resource("formats/" + dtype + "/" + format), cache)) {
        pictures.put(
            format,
            decoder
                .decode(
                    Latents.unscaled(latents.values(), latents.shape()),
                    DecodeOptions.builder().seed(11).build())
                .pixels()
                .values());
      }
    }
    assertThat(TestDecoders.worst(pixels.values(), pictures.get("diffusers"))).isLessThan(1e-4f);
    assertThat(pictures.values())
        .allSatisfy(p -> assertThat(p).isEqualTo(pictures.get("diffusers")));
  }

  @Test
  void aFrozenModuleIsRefusedInWords() {
    assertThatThrownBy(
            () -> TestDecoders.open(TestDecoders.resource("formats/f32/torchscript-frozen"), cache))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e ->
                assertThat(e.code())
                    .isIn(DecoderErrorCode.MODEL_UNSUPPORTED, DecoderErrorCode.MODEL_CORRUPT))
        .hasMessageContaining("frozen");
  }
}
