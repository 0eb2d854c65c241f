package io.github.consistencydecoder.core.opening;

import io.github.consistencydecoder.core.memory.MemorySize;
import io.github.consistencydecoder.core.runtime.CudaOptions;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.SessionSettings.Convolutions;
import io.github.consistencydecoder.core.runtime.SessionSettings.Layout;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A configuration, read and checked.
 *
 * @param model id of the catalogue, folder or file
 * @param type precision of the network
 * @param session device and threads
 * @param cache folder for optimised graphs and digests
 * @param store where models are
 * @param memory bytes that this process may hold of its own while a decoder decodes
 */
public record ModelSettings(
    String model,
    ElementType type,
    SessionSettings session,
    Path cache,
    ModelStore store,
    long memory) {
  /**
   * Key: advanced options of CUDA and of the runtime's log, {@code name=value,name=value}; see
   * {@link CudaOptions}.
   */
  public static final String CUDA_OPTIONS = "cuda.options";

  /** Key: folder for optimised graphs. */
  public static final String CACHE = "cache";

  /**
   * Key: how a consistency decoder's convolutions are computed on the CPU in float32, {@code auto},
   * {@code direct} or {@code winograd}; see {@link Convolutions}.
   */
  public static final String CONVOLUTIONS = "convolutions";

  /**
   * Key: in which order a consistency decoder's values lie, {@code auto}, {@code nchw} or {@code
   * nhwc}; see {@link Layout}.
   */
  public static final String LAYOUT = "layout";

  /**
   * Of the machine's or the container's memory, what is used where no limit is given. The rest is
   * for the system, for other programs, and for keeping mapped weights from being read again and
   * again: they are the system's to drop, but a decode that waits for the disk takes many times as
   * long.
   */
  private static final double SHARE = 0.75;

  private static final int MOST_THREADS = 1024;

  private static final Set<String> KEYS =
      new TreeSet<>(
          List.of(
              DecoderConfig.MODEL,
              DecoderConfig.DEVICE,
              DecoderConfig.THREADS,
              DecoderConfig.DTYPE,
              CACHE,
              CUDA_OPTIONS));

  /**
   * Reads a configuration.
   *
   * @param thing what is being opened, for messages: {@code the consistency decoder}
   * @param defaultModel where none is named
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} naming the key that is
   *     unknown or the value that makes no sense, {@link DecoderErrorCode#DEVICE_UNAVAILABLE}
   */
  public static ModelSettings of(DecoderConfig config, String thing, String defaultModel) {
    requireKnownKeys(config, thing, KEYS);
    return read(config, defaultModel);
  }

  /** Like {@link #of} where there is also a limit of memory. */
  public static ModelSettings ofLimited(DecoderConfig config, String thing, String defaultModel) {
    requireKnownKeys(config, thing);
    return read(config, defaultModel);
  }

  /** Like {@link #ofLimited} where there are also {@link #CONVOLUTIONS} and {@link #LAYOUT}. */
  public static ModelSettings ofConsistencyDecoder(
      DecoderConfig config, String thing, String defaultModel) {
    Set<String> keys = limitedKeys();
    keys.add(CONVOLUTIONS);
    keys.add(LAYOUT);
    requireKnownKeys(config, thing, keys);
    return read(config, defaultModel);
  }

  private static ModelSettings read(DecoderConfig config, String defaultModel) {
    ModelStore store = ModelStore.standard();
    int threads = threads(config.get(DecoderConfig.THREADS).orElse("0"));
    CudaOptions cuda = config.get(CUDA_OPTIONS).map(CudaOptions::parse).orElse(CudaOptions.NONE);
    Device device = Device.choose(config.get(DecoderConfig.DEVICE).orElse("auto"), cuda);
    return new ModelSettings(
        config.get(DecoderConfig.MODEL).orElse(defaultModel),
        type(config.get(DecoderConfig.DTYPE).orElse("auto"), device),
        new SessionSettings(
            device,
            threads,
            convolutions(config.get(CONVOLUTIONS).orElse("auto")),
            layout(config.get(LAYOUT).orElse("auto")),
            cuda),
        config.get(CACHE).map(Path::of).orElseGet(store::cacheFolder),
        store,
        memory(config));
  }

  /**
   * Bytes that this process may hold of its own while it decodes.
   *
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} if the value makes no sense
   */
  public static long memory(DecoderConfig config) {
    return config
        .get(DecoderConfig.MEMORY)
        .map(ModelSettings::memory)
        .orElseGet(() -> (long) (SHARE * SystemMemory.here().total()));
  }

  private static Set<String> limitedKeys() {
    Set<String> keys = new TreeSet<>(KEYS);
    keys.add(DecoderConfig.MEMORY);
    return keys;
  }

  /**
   * Refuses keys that no decoder here knows, of those that have no choice of convolutions.
   *
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} naming the first such key
   */
  public static void requireKnownKeys(DecoderConfig config, String thing) {
    requireKnownKeys(config, thing, limitedKeys());
  }

  private static void requireKnownKeys(DecoderConfig config, String thing, Set<String> keys) {
    for (String key : config.asMap().keySet()) {
      if (!keys.contains(key)) {
        throw invalid(
            "setting '" + key + "' is unknown; " + thing + " has " + String.join(", ", keys));
      }
    }
  }

  private static int threads(String text) {
    try {
      int threads = Integer.parseInt(text);
      if (threads >= 0 && threads <= MOST_THREADS) {
        return threads;
      }
    } catch (NumberFormatException e) {
      // Said below, in the same words.
    }
    throw invalid("threads '" + text + "': a number from 0 (all cores) to 1024 is needed");
  }

  private static long memory(String text) {
    try {
      return MemorySize.parse(text);
    } catch (IllegalArgumentException e) {
      throw new DecoderException(DecoderErrorCode.INVALID_OPTIONS, "memory " + e.getMessage(), e);
    }
  }

  private static ElementType type(String text, Device device) {
    return switch (text) {
      case "auto" -> device.kind() == Device.Kind.CPU ? ElementType.FLOAT32 : ElementType.FLOAT16;
      case "float32", "fp32" -> ElementType.FLOAT32;
      case "float16", "fp16" -> ElementType.FLOAT16;
      default -> throw invalid("dtype '" + text + "' is unknown; auto, float32 and float16 exist");
    };
  }

  private static Convolutions convolutions(String text) {
    return switch (text) {
      case "auto" -> Convolutions.AUTO;
      case "direct" -> Convolutions.DIRECT;
      case "winograd" -> Convolutions.WINOGRAD;
      default ->
          throw invalid("convolutions '" + text + "' is unknown; auto, direct and winograd exist");
    };
  }

  private static Layout layout(String text) {
    return switch (text) {
      case "auto" -> Layout.AUTO;
      case "nchw" -> Layout.NCHW;
      case "nhwc" -> Layout.NHWC;
      default -> throw invalid("layout '" + text + "' is unknown; auto, nchw and nhwc exist");
    };
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_OPTIONS, message);
  }
}
