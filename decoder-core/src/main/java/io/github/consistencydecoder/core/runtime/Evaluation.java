package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import ai.onnxruntime.TensorInfo;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of a session, that can be cancelled, and ends when its thread is interrupted. */
public final class Evaluation {
  private static final Logger LOG = LoggerFactory.getLogger(Evaluation.class);
  private static final String SHRINK = "memory.enable_memory_arena_shrinkage";

  private Evaluation() {}

  /**
   * Runs a session.
   *
   * @param shrink whether it gives the memory back that it took from the system, on the CPU;
   *     otherwise that is kept for the next run, or until {@link #giveBack}
   * @param inputs borrowed
   * @param output receives a view of the first output, valid during the call
   * @param cancellation stops the run soon after it is thrown
   */
  public static void run(
      Session handle,
      boolean shrink,
      Map<String, OnnxTensor> inputs,
      Consumer<FloatBuffer> output,
      Cancellation cancellation)
      throws OrtException {
    run(
        shrink,
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
      Session handle,
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
    OnnxRuntime.enterOrFail();
    try (RunOptions options = new RunOptions()) {
      if (shrink) {
        options.addRunConfigEntry(SHRINK, "cpu:0");
      }
      TerminateSwitch terminate = new TerminateSwitch(options);
      Cancellation.Registration registration = cancellation.onCancel(terminate::pull);
      Cancellation.Registration atExit = OnnxRuntime.exit().onCancel(terminate::pull);
      Cancellation.Registration interrupts = InterruptWatch.begin(terminate::pull);
      try {
        running.run(options);
      } finally {
        interrupts.close();
        registration.close();
        atExit.close();
        // From here on the options may be freed, even if the cancellation is just running its
        // actions.
        terminate.disconnect();
      }
    } finally {
      OnnxRuntime.leave();
    }
  }

  /**
   * Gives back to the system what earlier runs of a session have taken and no run is using: by a
   * run that is stopped before its first operator, since the runtime offers no other way.
   *
   * @param device that the session runs on
   */
  static void giveBack(Session handle, Device device) {
    if (!OnnxRuntime.enter()) {
      return;
    }
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try (RunOptions options = new RunOptions()) {
      options.addRunConfigEntry(SHRINK, device.memory());
      options.setTerminate(true);
      options.setLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      for (Map.Entry<String, NodeInfo> input : handle.session().getInputInfo().entrySet()) {
        inputs.put(input.getKey(), smallest((TensorInfo) input.getValue().getInfo()));
      }
      handle.session().run(inputs, options).close();
    } catch (OrtException e) {
      // It was stopped, as it was meant to be.
      LOG.trace("memory given back", e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
      OnnxRuntime.leave();
    }
  }

  /** Zeros in the smallest shape that an input of float32 can have. */
  private static OnnxTensor smallest(TensorInfo info) throws OrtException {
    long[] shape = Arrays.stream(info.getShape()).map(d -> Math.max(1, d)).toArray();
    int values = (int) Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return OnnxTensor.createTensor(OnnxRuntime.environment(), FloatBuffer.allocate(values), shape);
  }

  /**
   * What a failed run means.
   *
   * @param task what was being done: {@code decode 2 pictures of 512x512 pixels}
   */
  static DecoderException failed(OrtException e, Cancellation cancellation, String task) {
    if (cancellation.isCancelled() || Thread.currentThread().isInterrupted()) {
      return new DecoderException(DecoderErrorCode.CANCELLED, "the decode was cancelled", e);
    }
    if (OnnxRuntime.exit().isCancelled()) {
      return OnnxRuntime.ended();
    }
    return switch (CudaFailure.of(e)) {
      case MEMORY ->
          new DecoderException(
              DecoderErrorCode.OUT_OF_MEMORY, "not enough memory to " + task + " at once", e);
      case LOST -> CudaFailure.lost(CudaFailure.lost().orElse(e.getMessage()), e);
      case STOPPED, OTHER ->
          new DecoderException(
              DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed: " + e.getMessage(), e);
    };
  }

  /**
   * What it means that an open model's files, which a size, a stage or a timestep reads, are gone.
   */
  public static DecoderException unreadable(IOException e) {
    if (e instanceof ClosedByInterruptException) {
      return new DecoderException(
          DecoderErrorCode.CANCELLED, "the decode was cancelled: its thread was interrupted", e);
    }
    return new DecoderException(
        DecoderErrorCode.MODEL_MISSING,
        "the model's files can no longer be read: " + e.getMessage(),
        e);
  }

  /** Hears of an interrupt of this thread while it is in native code, as a channel does. */
  private static final class InterruptWatch extends AbstractInterruptibleChannel {
    private final Runnable action;

    private InterruptWatch(Runnable action) {
      this.action = action;
    }

    /**
     * @param action done once, at once if the thread is interrupted already
     * @return closed on the same thread
     */
    static Cancellation.Registration begin(Runnable action) {
      InterruptWatch watch = new InterruptWatch(action);
      watch.begin();
      return watch::finish;
    }

    private void finish() {
      try {
        end(true);
      } catch (AsynchronousCloseException e) {
        // The thread is interrupted still, which says it all.
        LOG.trace("interrupted", e);
      }
    }

    @Override
    protected void implCloseChannel() {
      action.run();
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
