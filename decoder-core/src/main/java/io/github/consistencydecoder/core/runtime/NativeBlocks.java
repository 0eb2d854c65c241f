package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Map;
import javax.management.JMException;
import javax.management.JMRuntimeException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes tensors in native memory, each by itself, so that closing one gives its memory back: Java's
 * direct buffers would wait for the garbage collector and are limited in sum.
 *
 * <p>Owns a session of the runtime, not the tensors. Safe for use by several threads. Closing again
 * does nothing.
 */
public final class NativeBlocks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NativeBlocks.class);

  private final Session handle;

  /** Opens the runtime's session. */
  public NativeBlocks(SessionSettings settings) {
    try {
      this.handle = Session.openWithoutArena(BandGraphs.block(Path.of("")), settings);
    } catch (OrtException e) {
      throw Evaluation.failed(e, Cancellation.NEVER, "prepare for decoding in bands");
    }
  }

  /** A tensor; what it holds is for its user to write. */
  public NativeTensor allocate(long... shape) {
    OnnxRuntime.enterOrFail();
    try (OnnxTensor s =
        OnnxTensor.createTensor(
            OnnxRuntime.environment(), LongBuffer.wrap(shape), new long[] {shape.length})) {
      // The result is not closed: all it owns is what is handed out.
      OrtSession.Result result = handle.session().run(Map.of(BandGraphs.SHAPE, s));
      return new NativeTensor((OnnxTensor) result.get(0));
    } catch (OrtException e) {
      throw Evaluation.failed(
          e,
          Cancellation.NEVER,
          "hold " + shape[1] + " planes of " + shape[3] + "x" + shape[2] + " values");
    } finally {
      OnnxRuntime.leave();
    }
  }

  /**
   * Asks the system's allocator for the pages of blocks that it has got back and keeps for later.
   * Does nothing where that cannot be asked: on Linux this Java can from 17.0.9 on, others seldom
   * keep much.
   */
  public static void trim() {
    try {
      ManagementFactory.getPlatformMBeanServer()
          .invoke(
              new ObjectName("com.sun.management:type=DiagnosticCommand"),
              "systemTrimNativeHeap",
              new Object[0],
              new String[0]);
    } catch (JMException | JMRuntimeException e) {
      LOG.debug("the native heap cannot be trimmed here", e);
    }
  }

  @Override
  public void close() {
    handle.close();
  }

  /**
   * A float32 tensor in memory that the runtime reads and writes where it lies.
   *
   * <p>Owns its native memory, unless it is a view of a buffer. May be read by several threads.
   * Closing again does nothing.
   */
  public static final class NativeTensor implements AutoCloseable {
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
}
