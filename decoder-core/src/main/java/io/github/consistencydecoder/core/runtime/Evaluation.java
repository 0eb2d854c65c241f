package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** One run of a session, that can be cancelled and gives its memory back. */
final class Evaluation {
  private Evaluation() {}

  /**
   * Runs a session.
   *
   * @param cpu whether it runs on the CPU
   * @param inputs borrowed
   * @param output receives a view of the first output, valid during the call
   * @param cancellation stops the run soon after it is thrown
   */
  static void run(
      SessionHandle handle,
      boolean cpu,
      Map<String, OnnxTensor> inputs,
      Consumer<FloatBuffer> output,
      Cancellation cancellation)
      throws OrtException {
    run(
        cpu,
        options -> {
          try (OrtSession.Result result = handle.session().run(inputs, options)) {
            output.accept(((OnnxTensor) result.get(0)).getFloatBuffer());
          }
        },
        cancellation);
  }

  /**
   * Runs a session into tensors that exist. What else it takes it keeps until it is closed.
   *
   * @param outputs filled
   */
  static void run(
      SessionHandle handle,
      Map<String, OnnxTensor> inputs,
      Map<String, OnnxTensor> outputs,
      Cancellation cancellation)
      throws OrtException {
    run(
        false,
        options -> handle.session().run(inputs, Set.of(), outputs, options).close(),
        cancellation);
  }

  /** One run. */
  private interface Running {
    void run(RunOptions options) throws OrtException;
  }

  private static void run(boolean shrink, Running running, Cancellation cancellation)
      throws OrtException {
    try (RunOptions options = new RunOptions()) {
      if (shrink) {
        // Memory of a large decode goes back afterwards instead of staying with the process.
        options.addRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
      }
      TerminateSwitch terminate = new TerminateSwitch(options);
      Cancellation.Registration registration = cancellation.onCancel(terminate::pull);
      try {
        running.run(options);
      } finally {
        registration.close();
        // From here on the options may be freed, even if the cancellation is just running its
        // actions.
        terminate.disconnect();
      }
    }
  }

  /**
   * What a failed run means.
   *
   * @param task what was being done: {@code decode 2 pictures of 512x512 pixels}
   */
  static DecoderException failed(OrtException e, Cancellation cancellation, String task) {
    if (cancellation.isCancelled()) {
      return new DecoderException(DecoderErrorCode.CANCELLED, "the decode was cancelled", e);
    }
    String message = String.valueOf(e.getMessage());
    String lower = message.toLowerCase(Locale.ROOT);
    if (lower.contains("bad_alloc")
        || lower.contains("allocat")
        || lower.contains("out of memory")) {
      return new DecoderException(
          DecoderErrorCode.OUT_OF_MEMORY, "not enough memory to " + task + " at once", e);
    }
    return new DecoderException(
        DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed: " + message, e);
  }

  /** Stops a run from another thread, but never touches options that have been freed. */
  private static final class TerminateSwitch {
    private RunOptions options;

    TerminateSwitch(RunOptions options) {
      this.options = options;
    }

    synchronized void pull() {
      if (options != null) {
        try {
          options.setTerminate(true);
        } catch (OrtException e) {
          throw new DecoderException(
              DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime refused to stop a run", e);
        }
      }
    }

    synchronized void disconnect() {
      options = null;
    }
  }
}
