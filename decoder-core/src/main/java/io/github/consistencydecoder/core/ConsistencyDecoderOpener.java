package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.Devices;
import io.github.consistencydecoder.core.runtime.GraphCache;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.StepModel;
import io.github.consistencydecoder.models.ModelDigests;
import io.github.consistencydecoder.models.ModelStore;
import io.github.consistencydecoder.models.ResolvedModel;
import io.github.consistencydecoder.models.checkpoint.Checkpoint;
import io.github.consistencydecoder.models.checkpoint.CheckpointFormatException;
import io.github.consistencydecoder.models.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** From a configuration to an open decoder: find the model, read it, build or fetch its graph. */
final class ConsistencyDecoderOpener {
  private static final Set<String> KEYS =
      new TreeSet<>(
          List.of(
              DecoderConfig.MODEL,
              DecoderConfig.DEVICE,
              DecoderConfig.THREADS,
              DecoderConfig.DTYPE,
              ConsistencyDecoderProvider.CACHE));

  private ConsistencyDecoderOpener() {}

  static LatentDecoder open(DecoderConfig config) {
    for (String key : config.asMap().keySet()) {
      if (!KEYS.contains(key)) {
        throw invalid(
            "setting '"
                + key
                + "' is unknown; the consistency decoder has "
                + String.join(", ", KEYS));
      }
    }
    ModelStore store = ModelStore.standard();
    Path cache =
        config.get(ConsistencyDecoderProvider.CACHE).map(Path::of).orElseGet(store::cacheFolder);
    int threads = threads(config.get(DecoderConfig.THREADS).orElse("0"));
    Device device = Devices.choose(config.get(DecoderConfig.DEVICE).orElse("auto"));
    ElementType type = type(config.get(DecoderConfig.DTYPE).orElse("auto"), device);
    ResolvedModel resolved = store.resolve(config.get(DecoderConfig.MODEL).orElse("tiny"));
    Checkpoint checkpoint = null;
    try {
      checkpoint = Checkpoints.open(resolved.path());
      ConsistencyWeights weights = ConsistencyWeights.of(checkpoint, config(checkpoint));
      String digest = ModelDigests.of(checkpoint.files(), cache);
      StepModel model =
          new GraphCache(cache).open(weights, digest, type, new SessionSettings(device, threads));
      return new ConsistencyDecoder(
          info(resolved, weights, digest, type, device, model), weights, model);
    } catch (CheckpointFormatException e) {
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

  private static DecoderInfo info(
      ResolvedModel resolved,
      ConsistencyWeights weights,
      String digest,
      ElementType type,
      Device device,
      StepModel model) {
    Map<String, String> details = new TreeMap<>();
    details.put("dtype", type == ElementType.FLOAT16 ? "float16" : "float32");
    details.put("device", device.id());
    details.put("format", weights.checkpoint().format());
    details.put("widths", weights.network().widths().toString());
    details.put("layers", Integer.toString(weights.network().layers()));
    details.put("parameters", Long.toString(weights.network().parameters()));
    details.put("runtime", "onnxruntime " + OnnxRuntime.version());
    details.put("graph", model.origin());
    return new DecoderInfo(
        ConsistencyDecoderProvider.NAME, resolved.name(), digest, device.reason(), details);
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

  /** The configuration beside a checkpoint, if there is one. */
  private static Optional<NetworkConfig> config(Checkpoint checkpoint) throws IOException {
    Path path = checkpoint.path();
    Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    Path file = folder.resolve("config.json");
    return Files.isRegularFile(file) ? Optional.of(NetworkConfig.read(file)) : Optional.empty();
  }

  private static int threads(String text) {
    try {
      int threads = Integer.parseInt(text);
      if (threads >= 0 && threads <= 1024) {
        return threads;
      }
    } catch (NumberFormatException e) {
      // Said below, in the same words.
    }
    throw invalid("threads '" + text + "': a number from 0 (all cores) to 1024 is needed");
  }

  private static ElementType type(String text, Device device) {
    return switch (text) {
      case "auto" -> device.kind() == Device.Kind.CPU ? ElementType.FLOAT32 : ElementType.FLOAT16;
      case "float32", "fp32" -> ElementType.FLOAT32;
      case "float16", "fp16" -> ElementType.FLOAT16;
      default -> throw invalid("dtype '" + text + "' is unknown; auto, float32 and float16 exist");
    };
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_OPTIONS, message);
  }
}
