package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.List;

/**
 * ONNX Runtime's environment, one a process, created on first use and freed by the runtime's own
 * shutdown hook. An evaluation that is running then can crash the process; hooks have no order, so
 * nothing here can prevent that, and who ends the JVM must have ended decodes before.
 */
public final class OnnxRuntime {
  private OnnxRuntime() {}

  private static final class Holder {
    static final OrtEnvironment ENVIRONMENT =
        OrtEnvironment.getEnvironment(
            OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "consistency-decoder");
  }

  /**
   * The environment.
   *
   * @throws DecoderException {@link DecoderErrorCode#DEVICE_UNAVAILABLE} if the native library
   *     cannot be loaded here
   */
  static OrtEnvironment environment() {
    try {
      return Holder.ENVIRONMENT;
    } catch (LinkageError e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new DecoderException(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          "ONNX Runtime's native library cannot be loaded here ("
              + cause.getMessage()
              + "); it needs Linux with glibc 2.28 on x86-64 or aarch64, macOS on Apple silicon, or Windows on x86-64, and a"
              + " temporary folder from which libraries may be loaded",
          e);
    }
  }

  /** Version of ONNX Runtime. */
  public static String version() {
    return environment().getVersion();
  }

  /** The execution providers compiled in, in the runtime's spelling. */
  public static List<String> providers() {
    environment();
    return OrtEnvironment.getAvailableProviders().stream().map(Enum::name).sorted().toList();
  }

  /** Whether the runtime can be used here, and what was found. */
  public static Availability availability() {
    try {
      return new Availability(
          true, "ONNX Runtime " + version() + " with " + String.join(", ", providers()));
    } catch (DecoderException e) {
      return new Availability(false, e.getMessage());
    }
  }
}
