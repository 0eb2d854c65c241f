package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/**
 * Opens consistency decoders: OpenAI's in any published format, the bundled tiny one, and any of
 * the same architecture.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL} (default {@code tiny}), {@link
 * DecoderConfig#DEVICE} ({@code auto}), {@link DecoderConfig#THREADS} (0, as many as there are
 * cores), {@link DecoderConfig#DTYPE} ({@code auto}: float32 on a CPU, float16 on a GPU) and
 * {@value #CACHE}, the folder for optimised graphs (default: the store's cache folder).
 */
public final class ConsistencyDecoderProvider implements LatentDecoderProvider {
  /** Key: folder for optimised graphs. */
  public static final String CACHE = "cache";

  /** Name of this provider. */
  public static final String NAME = "consistency";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    try {
      return new Availability(
          true,
          "ONNX Runtime "
              + OnnxRuntime.version()
              + " with "
              + String.join(", ", OnnxRuntime.providers()));
    } catch (DecoderException e) {
      return new Availability(false, e.getMessage());
    }
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    return ConsistencyDecoderOpener.open(config);
  }
}
