package io.github.consistencydecoder.server.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecoderInfo;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedactionTest {
  @Test
  void foldersAndNativeWordsStayHere() {
    DecoderInfo info =
        Redaction.of(
            new DecoderInfo(
                "consistency",
                "/home/somebody/models/tiny.safetensors",
                "sha256:00",
                "cpu, because the CUDA provider does not start: libcudart.so in /usr/lib",
                Map.of("folder", "C:\\Users\\somebody\\models\\", "dtype", "float32")));
    assertThat(info.model()).isEqualTo("tiny.safetensors");
    assertThat(info.device()).isEqualTo("cpu, because the CUDA provider does not start");
    assertThat(info.details()).containsEntry("folder", "models").containsEntry("dtype", "float32");
  }

  @Test
  void whatIsNoPathStays() {
    DecoderInfo info =
        new DecoderInfo(
            "vae", "stabilityai/sd-vae", "", "cuda:0, as asked for", Map.of("a", "b/c"));
    assertThat(Redaction.of(info)).isEqualTo(info);
  }
}
