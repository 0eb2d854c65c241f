package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sentences are ONNX Runtime's, as its CUDA provider puts them together. */
class CudaFailureTest {
  private static final String NODE =
      "Non-zero status code returned while running NhwcConv node. Name:'conv_in' Status Message: ";

  private static OrtException failure(String what) {
    return new OrtException(
        NODE + what + " ; GPU=0 ; hostname=a-host ; file=cuda_call.cc ; line=1");
  }

  @AfterEach
  void forget() {
    CudaFailure.forget();
  }

  @ParameterizedTest
  @CsvSource({
    "CUDA failure 700: an illegal memory access was encountered, LOST",
    "CUDA error cudaErrorIllegalAddress:an illegal memory access was encountered, LOST",
    "CUDA error cudaErrorInvalidConfiguration:invalid configuration argument, OTHER",
    "CUDA failure 719: unspecified launch failure, LOST",
    "CUDA failure 214: uncorrectable ECC error encountered, LOST",
    "CUDA failure 2: out of memory, MEMORY",
    "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED, MEMORY",
    "Failed to allocate memory for requested buffer of size 7270000000, MEMORY",
    "CUDA failure 9: invalid configuration argument, OTHER",
    "CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED, OTHER",
    "Exiting due to terminate flag being set to true., STOPPED"
  })
  void whatARunsFailureMeans(String what, CudaFailure meaning) {
    assertThat(CudaFailure.of(failure(what))).isEqualTo(meaning);
    assertThat(CudaFailure.lost().isPresent()).isEqualTo(meaning == CudaFailure.LOST);
  }

  @Test
  void aLostDeviceIsSaidOnceAndThenRefused() {
    CudaFailure.requireNotLost();
    DecoderException first =
        Evaluation.failed(
            failure("CUDA failure 700: an illegal memory access was encountered"),
            new Cancellation(),
            "decode 1 picture(s) of 512x512 pixels");
    assertThat(first.code()).isEqualTo(DecoderErrorCode.DEVICE_LOST);
    assertThat(first)
        .hasMessage(
            "the CUDA device failed for good (CUDA failure 700: an illegal memory access was"
                + " encountered): this process cannot use it any more and has to be ended and"
                + " started again")
        .hasMessageNotContaining("a-host");
    assertThatThrownBy(CudaFailure::requireNotLost).hasMessage(first.getMessage());
  }
}
