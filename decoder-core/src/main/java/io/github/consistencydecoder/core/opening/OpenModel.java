package io.github.consistencydecoder.core.opening;

import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.store.ResolvedModel;
import io.github.consistencydecoder.models.store.digests.ModelDigests;
import io.github.consistencydecoder.plugin.DecoderInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A model's files, open.
 *
 * @param name as a person would say it
 * @param checkpoint whoever receives this owns it
 * @param config what lies beside the checkpoint, if anything does
 * @param cache folder that remembers digests
 */
public record OpenModel(
    String name, Checkpoint checkpoint, Optional<NetworkConfig> config, Path cache) {
  static OpenModel of(ResolvedModel resolved, Checkpoint checkpoint, Path cache)
      throws IOException {
    return new OpenModel(resolved.name(), checkpoint, config(checkpoint), cache);
  }

  /** Digest over the checkpoint's files; reads them where it is not remembered. */
  public String digest() throws IOException {
    return ModelDigests.of(checkpoint.files(), cache);
  }

  /**
   * Closes the checkpoint once a session holds the weights. If that fails, closes the session too.
   */
  public void releaseTo(NetworkSession session) throws IOException {
    try {
      checkpoint.close();
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /**
   * What is said about a decoder, an encoder or a metric made of this model.
   *
   * @param provider its name
   * @param digest of the weights
   * @param graph where its graph came from: {@code cache}, {@code built} or {@code uncached}
   * @param more details of the network
   */
  public DecoderInfo info(
      String provider,
      ModelSettings settings,
      String digest,
      String graph,
      Map<String, String> more) {
    Map<String, String> details = new TreeMap<>(more);
    details.put("dtype", settings.type() == ElementType.FLOAT16 ? "float16" : "float32");
    details.put("device", settings.session().device().id());
    details.put("format", checkpoint.format());
    details.put("runtime", "onnxruntime " + OnnxRuntime.version());
    details.put("graph", graph);
    return new DecoderInfo(provider, name, digest, settings.session().device().reason(), details);
  }

  private static Optional<NetworkConfig> config(Checkpoint checkpoint) throws IOException {
    Path path = checkpoint.path();
    Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    Path file = folder.resolve("config.json");
    return Files.isRegularFile(file) ? Optional.of(NetworkConfig.read(file)) : Optional.empty();
  }
}
