package io.github.consistencydecoder.core.runtime.graphs;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.runtime.Evaluation;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.core.runtime.Session;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.graph.ChannelsLastGraph;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Evaluates a bare network once, seven channels in and all channels out, so that it can be compared
 * with other implementations of the same network.
 *
 * @param weights borrowed
 * @param input {@code [1, 7, H, W]}: image channels times c_in, then normalised latent channels
 * @param height H
 * @param width W
 * @param timestep of the conditioning
 * @param settings of the session
 * @param folder for temporary files, which are gone afterwards
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record NetworkProbe(
    ConsistencyWeights weights,
    float[] input,
    int height,
    int width,
    int timestep,
    SessionSettings settings,
    Path folder) {
  /**
   * By the graph for all sizes.
   *
   * @return {@code [1, outputs, H, W]}, here and below
   */
  public float[] evaluate(ElementType type) throws IOException {
    return evaluate(
        (derived, root) ->
            Session.open(ConsistencyGraph.writeNetwork(weights, type, derived, root), settings));
  }

  /**
   * By the graph for one size, in float32.
   *
   * @param bandBytes that the intermediate tensors of one band of rows may take
   */
  public float[] evaluateSized(long bandBytes) throws IOException {
    ConsistencyGraph.Size size = new ConsistencyGraph.Size(height, width);
    return evaluate(
        (derived, root) ->
            Session.openPlain(
                ConsistencyGraph.writeSizedNetwork(weights, size, bandBytes, derived, root),
                settings));
  }

  /** By the graph for CUDA, in standard operators so that any device can do it. */
  public float[] evaluateChannelsLast(ElementType type) throws IOException {
    ChannelsLastGraph.Variant standard = new ChannelsLastGraph.Variant(type, false);
    return evaluate(
        (derived, root) ->
            Session.open(
                ChannelsLastGraph.writeNetwork(weights, standard, derived, root), settings));
  }

  /** Opens a network whose derived weights go into a file. */
  private interface Opening {
    Session open(Path derived, Path root) throws IOException, OrtException;
  }

  private float[] evaluate(Opening opening) throws IOException {
    Path derived = folder.toRealPath().resolve("probe.weights");
    try (Session session = opening.open(derived, GraphCache.root(weights, derived))) {
      return run(session, Conditioning.of(weights, timestep));
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed: " + e.getMessage(), e);
    } finally {
      Files.deleteIfExists(derived);
    }
  }

  private float[] run(Session session, float[] conditioning) throws OrtException {
    OrtEnvironment environment = OnnxRuntime.environment();
    float[][] values = new float[1][];
    try (OnnxTensor x =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(input), new long[] {1, 7, height, width});
        OnnxTensor c =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(conditioning), new long[] {conditioning.length})) {
      Evaluation.run(
          session,
          false,
          Map.of(ConsistencyGraph.INPUT, x, ConsistencyGraph.CONDITIONING, c),
          output -> {
            values[0] = new float[output.remaining()];
            output.get(values[0]);
          },
          new Cancellation());
    }
    return values[0];
  }
}
