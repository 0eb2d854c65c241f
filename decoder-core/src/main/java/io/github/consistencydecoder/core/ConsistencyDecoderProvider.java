package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/**
 * Opens consistency decoders: OpenAI's in any published format, the bundled tiny one, and any of
 * the same architecture.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL} (default {@code tiny}), {@link
 * DecoderConfig#DEVICE} ({@code auto}), {@link DecoderConfig#THREADS} (0, as many as there are
 * cores), {@link DecoderConfig#DTYPE} ({@code auto}: float32 on a CPU, float16 on a GPU; a decode
 * whose numbers leave the range of float16 is done again in float32), {@value #CACHE}, the folder
 * for optimised graphs (default: the store's cache folder), {@code convolutions} and {@code layout}
 * (both {@code auto}).
 *
 * <p>A JVM that exits cancels the decodes that still run and waits until they have stopped.
 */
public final class ConsistencyDecoderProvider implements LatentDecoderProvider {
  /** Key: folder for optimised graphs. */
  public static final String CACHE = ModelSettings.CACHE;

  /** Name of this provider. */
  public static final String NAME = "consistency";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return OnnxRuntime.availability();
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    return ConsistencyDecoderOpener.open(config);
  }
}
