package io.github.consistencydecoder.core.runtime.vaelight;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** One of the two graphs, opened. Owns its session; safe for use by several threads. */
final class VaelightModel implements AutoCloseable {
  static final String NAME = "vaelight";

  private final OrtSession session;
  private final DecoderInfo info;

  private VaelightModel(OrtSession session, DecoderInfo info) {
    this.session = session;
    this.info = info;
  }

  /** Where the shared data have it. */
  private static Path folder() {
    return Path.of(System.getProperty("project.root", ".."), "..", "shared", "data", NAME)
        .toAbsolutePath()
        .normalize();
  }

  static Availability availability() {
    return Files.isDirectory(folder())
        ? new Availability(true, "in " + folder())
        : new Availability(false, "there is no " + folder());
  }

  /**
   * @param file name of the graph in the folder
   */
  static VaelightModel open(DecoderConfig config, String file) {
    Path path =
        config
            .get(DecoderConfig.MODEL)
            .map(Path::of)
            .orElseGet(VaelightModel::folder)
            .resolve(file);
    // Makes the environment the way the others want it.
    String runtime = OnnxRuntime.version();
    try {
      byte[] graph = Files.readAllBytes(path);
      try (SessionOptions options = new SessionOptions()) {
        options.setIntraOpNumThreads(
            Integer.parseInt(config.get(DecoderConfig.THREADS).orElse("0")));
        options.setMemoryPatternOptimization(false);
        OrtSession session = OrtEnvironment.getEnvironment().createSession(graph, options);
        return new VaelightModel(
            session, new DecoderInfo(NAME, NAME, digest(graph), "cpu", Map.of("runtime", runtime)));
      }
    } catch (IOException e) {
      throw new DecoderException(DecoderErrorCode.MODEL_MISSING, "there is no " + path, e);
    } catch (OrtException e) {
      throw new DecoderException(DecoderErrorCode.MODEL_CORRUPT, path + ": " + e.getMessage(), e);
    }
  }

  private static String digest(byte[] bytes) {
    try {
      return "sha256:"
          + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java has SHA-256", e);
    }
  }

  DecoderInfo info() {
    return info;
  }

  /**
   * Runs the graph on one picture or latent.
   *
   * @param values {@code [N, C, H, W]}; borrowed
   * @param index which of the N
   * @return all outputs in the graph's order, {@code [1, C', H', W']} each
   */
  List<float[]> run(FloatBuffer values, int index, int channels, int height, int width) {
    int size = channels * height * width;
    FloatBuffer one = values.duplicate().position(index * size).limit((index + 1) * size).slice();
    long[] shape = {1, channels, height, width};
    try (OnnxTensor input = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), one, shape);
        RunOptions options = new RunOptions()) {
      options.addRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
      String name = session.getInputNames().iterator().next();
      try (OrtSession.Result result = session.run(Map.of(name, input), options)) {
        List<float[]> outputs = new ArrayList<>();
        for (Map.Entry<String, ?> output : result) {
          FloatBuffer buffer = ((OnnxTensor) output.getValue()).getFloatBuffer();
          float[] copy = new float[buffer.remaining()];
          buffer.get(copy);
          outputs.add(copy);
        }
        return outputs;
      }
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed to close: " + e.getMessage(), e);
    }
  }
}
