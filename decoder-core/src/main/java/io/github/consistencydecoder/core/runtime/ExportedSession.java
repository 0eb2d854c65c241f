package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/**
 * Runs a model that was exported here, the way a pipeline would: opened by its file's name, one
 * input by name, the first output.
 *
 * <p>Owns a session of the runtime. Not for use by several threads.
 */
public final class ExportedSession implements AutoCloseable {
  private final SessionHandle handle;

  private ExportedSession(SessionHandle handle) {
    this.handle = handle;
  }

  /** Opens {@code model.onnx} of an exported folder on the CPU. */
  public static ExportedSession open(Path model) {
    Device cpu = new Device(Device.Kind.CPU, 0, "cpu, for checking an export");
    try {
      return new ExportedSession(Sessions.openFile(model, new SessionSettings(cpu, 0)));
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED,
          "ONNX Runtime cannot open the exported " + model.getFileName() + ": " + e.getMessage(),
          e);
    }
  }

  /**
   * One run.
   *
   * @param input name of the only input
   * @param values row-major; borrowed
   * @param shape of {@code values}
   * @return the first output, row-major
   */
  public float[] run(String input, float[] values, long[] shape, Cancellation cancellation) {
    try (OnnxTensor x =
        OnnxTensor.createTensor(OnnxRuntime.environment(), FloatBuffer.wrap(values), shape)) {
      float[][] output = new float[1][];
      Evaluation.run(
          handle,
          true,
          Map.of(input, x),
          first -> {
            output[0] = new float[first.remaining()];
            first.get(output[0]);
          },
          cancellation);
      return output[0];
    } catch (OrtException e) {
      throw Evaluation.failed(e, cancellation, "run the exported model");
    }
  }

  @Override
  public void close() {
    handle.close();
  }
}
