package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.runtime.NativeBlocks.NativeTensor;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Evaluates one stage of a network on the CPU, reading and writing tensors where they lie.
 *
 * <p>Owns a session of the runtime. Safe for use by several threads. After {@link #close}, {@link
 * #run} must not be called; closing again does nothing. The caller closes only when no run is going
 * on.
 */
public final class StageSession implements AutoCloseable {
  private final Session handle;
  private final List<String> outputs;

  private StageSession(Session handle, List<String> outputs) {
    this.handle = handle;
    this.outputs = outputs;
  }

  /**
   * Opens a session.
   *
   * @param reordered whether weights are copied and reordered, which takes time and memory when the
   *     session is opened and gains time when it runs
   */
  public static StageSession open(NetworkGraph graph, SessionSettings settings, boolean reordered) {
    try {
      Session handle = Session.openStage(graph, settings, reordered);
      return new StageSession(handle, List.copyOf(handle.session().getOutputNames()));
    } catch (OrtException e) {
      throw Evaluation.failed(e, Cancellation.NEVER, "prepare for decoding in bands");
    }
  }

  /**
   * Runs the stage once. Returns soon after {@code cancellation} is thrown.
   *
   * @param inputs by name; borrowed
   * @param results one for each of the graph's outputs, in order, each of the shape that it will
   *     have; borrowed and filled
   * @param task what is being done, for messages: {@code decode a picture of 512x512 pixels}
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}, {@link
   *     DecoderErrorCode#OUT_OF_MEMORY} or {@link DecoderErrorCode#RUNTIME_FAILED}
   */
  public void run(
      Map<String, NativeTensor> inputs,
      List<NativeTensor> results,
      String task,
      Cancellation cancellation) {
    Map<String, OnnxTensor> in = new HashMap<>();
    inputs.forEach((name, tensor) -> in.put(name, tensor.tensor()));
    Map<String, OnnxTensor> out = new HashMap<>();
    for (int i = 0; i < outputs.size(); i++) {
      out.put(outputs.get(i), results.get(i).tensor());
    }
    try {
      Evaluation.run(handle, in, out, cancellation);
    } catch (OrtException e) {
      throw Evaluation.failed(e, cancellation, task);
    }
  }

  @Override
  public void close() {
    handle.close();
  }
}
