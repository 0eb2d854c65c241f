package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import io.github.consistencydecoder.models.network.ConsistencyGraph;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.Map;

/**
 * Evaluates one step of the consistency decoder.
 *
 * <p>Owns a session of the runtime. Safe for use by several threads. After {@link #close}, {@link
 * #evaluate} must not be called; closing again does nothing. The caller closes only when no
 * evaluation is running.
 */
public final class StepSession implements AutoCloseable {
  private final SessionHandle handle;
  private final boolean cpu;

  StepSession(SessionHandle handle, Device device) {
    this.handle = handle;
    this.cpu = device.kind() == Device.Kind.CPU;
  }

  /**
   * What a step needs besides the noisy image.
   *
   * @param batch N
   * @param height h, of the latent in cells
   * @param width w, of the latent in cells
   * @param features {@code [N, 4, h, w]}, normalised latents
   * @param conditioning packed conditioning of the timestep
   * @param coefficients c_in, c_out, c_skip of the timestep
   */
  public record StepInputs(
      int batch,
      int height,
      int width,
      float[] features,
      float[] conditioning,
      float[] coefficients) {}

  /**
   * Runs the network once. Returns soon after {@code cancellation} is thrown.
   *
   * @param noisy {@code [N, 3, 8h, 8w]}; borrowed
   * @param image {@code [N, 3, 8h, 8w]}; filled with the result, not clamped
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}, {@link
   *     DecoderErrorCode#OUT_OF_MEMORY} or {@link DecoderErrorCode#RUNTIME_FAILED}
   */
  public void evaluate(StepInputs in, float[] noisy, float[] image, Cancellation cancellation) {
    OrtEnvironment environment = OnnxRuntime.environment();
    long[] size = {in.batch(), 3, 8L * in.height(), 8L * in.width()};
    try (RunOptions options = new RunOptions();
        OnnxTensor x = OnnxTensor.createTensor(environment, FloatBuffer.wrap(noisy), size);
        OnnxTensor f =
            OnnxTensor.createTensor(
                environment,
                FloatBuffer.wrap(in.features()),
                new long[] {in.batch(), 4, in.height(), in.width()});
        OnnxTensor c =
            OnnxTensor.createTensor(
                environment,
                FloatBuffer.wrap(in.conditioning()),
                new long[] {in.conditioning().length});
        OnnxTensor k =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(in.coefficients()), new long[] {3})) {
      if (cpu) {
        // Memory of a large decode goes back afterwards instead of staying with the process.
        options.addRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
      }
      Map<String, OnnxTensor> inputs =
          Map.of(
              ConsistencyGraph.NOISY, x,
              ConsistencyGraph.FEATURES, f,
              ConsistencyGraph.CONDITIONING, c,
              ConsistencyGraph.COEFFICIENTS, k);
      TerminateSwitch terminate = new TerminateSwitch(options);
      Cancellation.Registration registration = cancellation.onCancel(terminate::pull);
      try (OrtSession.Result result = handle.session().run(inputs, options)) {
        ((OnnxTensor) result.get(0)).getFloatBuffer().get(image);
      } finally {
        registration.close();
        // From here on the options may be freed, even if the cancellation is just running its
        // actions.
        terminate.disconnect();
      }
    } catch (OrtException e) {
      if (cancellation.isCancelled()) {
        throw new DecoderException(DecoderErrorCode.CANCELLED, "the decode was cancelled", e);
      }
      throw failed(e, size);
    }
  }

  private static DecoderException failed(OrtException e, long[] size) {
    String message = String.valueOf(e.getMessage());
    String lower = message.toLowerCase(Locale.ROOT);
    if (lower.contains("bad_alloc")
        || lower.contains("allocat")
        || lower.contains("out of memory")) {
      return new DecoderException(
          DecoderErrorCode.OUT_OF_MEMORY,
          "not enough memory to decode "
              + size[0]
              + " picture(s) of "
              + size[3]
              + "x"
              + size[2]
              + " pixels at once",
          e);
    }
    return new DecoderException(
        DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed: " + message, e);
  }

  @Override
  public void close() {
    try {
      handle.close();
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed to close a session", e);
    }
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
