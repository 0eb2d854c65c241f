package io.github.consistencydecoder.core.opening;

import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.store.ResolvedModel;
import io.github.consistencydecoder.models.store.digests.ModelDigests;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

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
  /**
   * Makes something of an open model.
   *
   * @param <T> what is made
   */
  public interface Making<T> {
    T of(OpenModel model) throws IOException;
  }

  /**
   * Opens a model's checkpoint and makes something of it. If that fails the checkpoint is closed.
   *
   * @param choose which file or folder of what the settings name
   * @param making takes ownership of the checkpoint if it returns
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING}, {@link
   *     DecoderErrorCode#MODEL_CORRUPT}, and what {@code making} throws
   */
  public static <T> T open(ModelSettings settings, UnaryOperator<Path> choose, Making<T> making) {
    ResolvedModel resolved = settings.store().resolve(settings.model());
    Checkpoint checkpoint = null;
    try {
      checkpoint = Checkpoints.open(choose.apply(resolved.path()));
      return making.of(
          new OpenModel(resolved.name(), checkpoint, config(checkpoint), settings.cache()));
    } catch (FormatException e) {
      throw closing(
          checkpoint, new DecoderException(DecoderErrorCode.MODEL_CORRUPT, e.getMessage(), e));
    } catch (IOException e) {
      throw closing(
          checkpoint,
          new DecoderException(
              DecoderErrorCode.MODEL_MISSING,
              "model '" + resolved.name() + "' cannot be read: " + e.getMessage(),
              e));
    } catch (RuntimeException e) {
      throw closing(checkpoint, e);
    }
  }

  private static RuntimeException closing(Checkpoint checkpoint, RuntimeException e) {
    if (checkpoint != null) {
      try {
        checkpoint.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
    }
    return e;
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
