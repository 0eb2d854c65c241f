package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The meaning of a failed run for the session and for the device. */
enum CudaFailure {
  /** It was stopped, as somebody asked for. */
  STOPPED,
  /** There was not enough memory. */
  MEMORY,
  /** The device cannot be used by this process any more. */
  LOST,
  OTHER;

  /**
   * As the CUDA provider says it: {@code CUDA failure 700: an illegal memory access ..} of a call,
   * {@code CUDA error cudaErrorIllegalAddress:an illegal memory access ..} of a launch.
   */
  private static final Pattern CODE = Pattern.compile("CUDA (?:failure|error) (\\w+)");

  /**
   * Of {@code cudaError_t}, those after which, in the words of CUDA's header, "the process must be
   * terminated and relaunched"; and an uncorrectable error of the device's memory.
   */
  private static final Set<String> STICKY =
      Set.of(
          "214",
          "cudaErrorECCUncorrectable",
          "700",
          "cudaErrorIllegalAddress",
          "702",
          "cudaErrorLaunchTimeout",
          "710",
          "cudaErrorAssert",
          "714",
          "cudaErrorHardwareStackError",
          "715",
          "cudaErrorIllegalInstruction",
          "716",
          "cudaErrorMisalignedAddress",
          "717",
          "cudaErrorInvalidAddressSpace",
          "718",
          "cudaErrorInvalidPc",
          "719",
          "cudaErrorLaunchFailure",
          "721",
          "cudaErrorTensorMemoryLeak",
          "810",
          "cudaErrorMpsClientTerminated");

  private static final String STOPPED_WORDS = "terminate flag";

  private static final AtomicReference<String> LOST_BY = new AtomicReference<>();

  static CudaFailure of(OrtException e) {
    String message = String.valueOf(e.getMessage());
    String lower = message.toLowerCase(Locale.ROOT);
    if (lower.contains(STOPPED_WORDS)) {
      return STOPPED;
    }
    Matcher code = CODE.matcher(message);
    if (code.find() && STICKY.contains(code.group(1))) {
      // What follows names the host and a file of the runtime's source.
      LOST_BY.compareAndSet(null, message.substring(code.start()).split(" *[;\\n]", 2)[0]);
      return LOST;
    }
    return lower.contains("bad_alloc")
            || lower.contains("allocat")
            || lower.contains("alloc_failed")
            || lower.contains("out of memory")
        ? MEMORY
        : OTHER;
  }

  /** By what this process has lost its device, if it has. */
  static Optional<String> lost() {
    return Optional.ofNullable(LOST_BY.get());
  }

  /**
   * @throws DecoderException {@link DecoderErrorCode#DEVICE_LOST} if this process has lost its
   *     device
   */
  static void requireNotLost() {
    lost()
        .ifPresent(
            why -> {
              throw lost(why, null);
            });
  }

  static DecoderException lost(String why, OrtException cause) {
    return new DecoderException(
        DecoderErrorCode.DEVICE_LOST,
        "the CUDA device failed for good ("
            + why
            + "): this process cannot use it any more and has to be ended and started again",
        cause);
  }

  /** Forgets what was lost; for tests. */
  static void forget() {
    LOST_BY.set(null);
  }
}
