package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaOptionsTest {
  @Test
  void namesAndValuesAreReadAsTheyAre() {
    assertThat(CudaOptions.parse("cudnn_conv_algo_search=EXHAUSTIVE, log=verbose").values())
        .isEqualTo(Map.of("cudnn_conv_algo_search", "EXHAUSTIVE", "log", "verbose"));
    assertThat(CudaOptions.parse("gpu_mem_limit=8000000000").values())
        .isEqualTo(Map.of("gpu_mem_limit", "8000000000"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "use_tf32", "use_tf23=1", "use_tf32=yes", "use_tf32=1,", "gpu_mem_limit=8GB"})
  void whatIsMisspeltIsRefusedWithWhatExists(String text) {
    assertThatThrownBy(() -> CudaOptions.parse(text))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.INVALID_OPTIONS))
        .hasMessageContaining("cuda.options '")
        .hasMessageContaining("cudnn_conv_algo_search=DEFAULT|EXHAUSTIVE|HEURISTIC")
        .hasMessageContaining("gpu_mem_limit=BYTES")
        .hasMessageContaining("use_tf32=0|1");
  }
}
