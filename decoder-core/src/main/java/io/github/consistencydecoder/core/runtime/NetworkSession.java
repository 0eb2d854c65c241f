package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.memory.RunForecast;
import io.github.consistencydecoder.models.network.autoencoder.RunnableNetwork;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Evaluates a network of one input and one output.
 *
 * <p>Owns a session of the runtime. Safe for use by several threads. After {@link #close}, {@link
 * #evaluate} must not be called; closing again does nothing. The caller closes only when no
 * evaluation is running.
 */
public final class NetworkSession implements EntryUse, AutoCloseable {
  private final StepSessions sessions;
  private final boolean cpu;
  private final String origin;
  private final String inputName;

  /** Of the cache, which this was opened from. */
  private volatile CacheLocks.Held entry = CacheLocks.Held.NONE;

  /**
   * Takes ownership of a session with the usual name of the input.
   *
   * @param origin as {@link #origin}
   */
  public NetworkSession(Session handle, Device device, String origin) {
    this(handle, device, origin, RunnableNetwork.INPUT);
  }

  private NetworkSession(Session handle, Device device, String origin, String inputName) {
    this.origin = origin;
    this.inputName = inputName;
    this.sessions = StepSessions.of(handle, device, 1, RunForecast.NONE, StepSessions.Limits.NONE);
    this.cpu = device.kind() == Device.Kind.CPU;
  }

  /**
   * Opens a model that was exported here, the way a pipeline would, by its file's name, on the CPU.
   *
   * @param inputName of its first input
   */
  public static NetworkSession openExported(Path model, String inputName) {
    Device cpu = new Device(Device.Kind.CPU, 0, "cpu, for checking an export");
    try {
      return new NetworkSession(
          Session.openFile(model, new SessionSettings(cpu, 0)), cpu, "uncached", inputName);
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED,
          "ONNX Runtime cannot open the exported " + model.getFileName() + ": " + e.getMessage(),
          e);
    }
  }

  /** Where the graph came from: {@code cache}, {@code built} or {@code uncached}. */
  public String origin() {
    return origin;
  }

  /**
   * Runs the network once. Returns soon after {@code cancellation} is thrown.
   *
   * @param input row-major; borrowed
   * @param shape of {@code input}
   * @param task what is being done, for messages: {@code decode 2 pictures of 512x512 pixels}
   * @return all values of the output, row-major; a new array
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}, {@link
   *     DecoderErrorCode#OUT_OF_MEMORY} or {@link DecoderErrorCode#RUNTIME_FAILED}
   */
  public float[] evaluate(FloatBuffer input, long[] shape, String task, Cancellation cancellation) {
    return evaluate(input, shape, Map.of(), task, cancellation);
  }

  /**
   * Runs an exported decoder that takes a picture to start from.
   *
   * @param start row-major; borrowed
   * @param startShape of {@code start}
   */
  public float[] evaluateStarted(
      FloatBuffer input,
      long[] shape,
      FloatBuffer start,
      long[] startShape,
      Cancellation cancellation) {
    String task = "run the exported model";
    try (OnnxTensor picture =
        OnnxTensor.createTensor(OnnxRuntime.environment(), start, startShape)) {
      return evaluate(input, shape, Map.of("start_sample", picture), task, cancellation);
    } catch (OrtException e) {
      throw Evaluation.failed(e, cancellation, task);
    }
  }

  private float[] evaluate(
      FloatBuffer input,
      long[] shape,
      Map<String, OnnxTensor> more,
      String task,
      Cancellation cancellation) {
    int height = (int) shape[shape.length - 2];
    int width = (int) shape[shape.length - 1];
    try (OnnxTensor x = OnnxTensor.createTensor(OnnxRuntime.environment(), input, shape);
        StepSessions.Lease lease = sessions.lease(height, width, cancellation)) {
      Map<String, OnnxTensor> inputs = new HashMap<>(more);
      inputs.put(inputName, x);
      float[][] values = new float[1][];
      lease.run(
          handle ->
              Evaluation.run(
                  handle,
                  cpu,
                  inputs,
                  output -> {
                    values[0] = new float[output.remaining()];
                    output.get(values[0]);
                  },
                  cancellation));
      return values[0];
    } catch (OrtException e) {
      throw Evaluation.failed(e, cancellation, task);
    } catch (IOException e) {
      throw Evaluation.unreadable(e);
    }
  }

  @Override
  public void closeToo(CacheLocks.Held held) {
    this.entry = held;
  }

  @Override
  public void close() {
    try {
      sessions.close();
    } finally {
      entry.close();
    }
  }
}
