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
 * Evaluates a bare network, seven channels in and all channels out, so that it can be compared with
 * other implementations of the same network.
 */
public final class NetworkProbe {
  private NetworkProbe() {}

  /**
   * One evaluation by the graph for all sizes.
   *
   * @param input {@code [1, 7, H, W]}: image channels times c_in, then normalised latent channels
   * @param folder for temporary files, which are gone afterwards
   * @return {@code [1, outputs, H, W]}
   */
  public static float[] evaluate(
      ConsistencyWeights weights,
      ElementType type,
      float[] input,
      int height,
      int width,
      int timestep,
      SessionSettings settings,
      Path folder)
      throws IOException {
    return evaluate(
        weights,
        (derived, root) ->
            Session.open(ConsistencyGraph.writeNetwork(weights, type, derived, root), settings),
        new Input(input, height, width, timestep),
        folder);
  }

  /**
   * One evaluation by the graph for one size, in float32; otherwise as the other.
   *
   * @param bandBytes that the intermediate tensors of one band of rows may take
   */
  public static float[] evaluateTiled(
      ConsistencyWeights weights,
      long bandBytes,
      float[] input,
      int height,
      int width,
      int timestep,
      SessionSettings settings,
      Path folder)
      throws IOException {
    ConsistencyGraph.Size size = new ConsistencyGraph.Size(height, width);
    return evaluate(
        weights,
        (derived, root) ->
            Session.openPlain(
                ConsistencyGraph.writeSizedNetwork(weights, size, bandBytes, derived, root),
                settings),
        new Input(input, height, width, timestep),
        folder);
  }

  /**
   * One evaluation by the graph for CUDA, in standard operators so that any device can do it;
   * otherwise as the first.
   */
  public static float[] evaluateChannelsLast(
      ConsistencyWeights weights,
      ElementType type,
      float[] input,
      int height,
      int width,
      int timestep,
      SessionSettings settings,
      Path folder)
      throws IOException {
    ChannelsLastGraph.Variant standard = new ChannelsLastGraph.Variant(type, false);
    return evaluate(
        weights,
        (derived, root) ->
            Session.open(
                ChannelsLastGraph.writeNetwork(weights, standard, derived, root), settings),
        new Input(input, height, width, timestep),
        folder);
  }

  /** Opens a network whose derived weights go into a file. */
  private interface Opening {
    Session open(Path derived, Path root) throws IOException, OrtException;
  }

  /** What is evaluated. */
  private record Input(float[] values, int height, int width, int timestep) {}

  private static float[] evaluate(
      ConsistencyWeights weights, Opening opening, Input input, Path folder) throws IOException {
    Path derived = folder.toRealPath().resolve("probe.weights");
    try (Session handle = opening.open(derived, GraphCache.root(weights, derived))) {
      return evaluate(
          handle,
          input.values(),
          input.height(),
          input.width(),
          Conditioning.of(weights, input.timestep()));
    } catch (OrtException e) {
      throw failed(e);
    } finally {
      Files.deleteIfExists(derived);
    }
  }

  private static float[] evaluate(
      Session handle, float[] input, int height, int width, float[] conditioning)
      throws OrtException {
    OrtEnvironment environment = OnnxRuntime.environment();
    float[][] values = new float[1][];
    try (OnnxTensor x =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(input), new long[] {1, 7, height, width});
        OnnxTensor c =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(conditioning), new long[] {conditioning.length})) {
      Evaluation.run(
          handle,
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

  private static DecoderException failed(OrtException e) {
    return new DecoderException(
        DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed: " + e.getMessage(), e);
  }
}
