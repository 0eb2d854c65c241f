package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.FloatBuffer;

/**
 * A float32 tensor in memory that the runtime reads and writes where it lies.
 *
 * <p>Owns its native memory, unless it is a view of a buffer. May be read by several threads.
 * Closing again does nothing.
 */
public final class NativeTensor implements AutoCloseable {
  private final OnnxTensor tensor;

  /** Takes ownership of the tensor. */
  NativeTensor(OnnxTensor tensor) {
    this.tensor = tensor;
  }

  /**
   * A view of a buffer, which lives as long as the tensor does.
   *
   * @param direct a direct buffer in the machine's byte order, from its position to its limit
   * @param shape of as many values
   */
  public static NativeTensor view(FloatBuffer direct, long... shape) {
    try {
      return new NativeTensor(OnnxTensor.createTensor(OnnxRuntime.environment(), direct, shape));
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime cannot use a buffer as a tensor", e);
    }
  }

  OnnxTensor tensor() {
    return tensor;
  }

  @Override
  public void close() {
    tensor.close();
  }
}
