package io.github.consistencydecoder.core.preview;

import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/**
 * Opens the linear preview of Stable Diffusion 1.x latents, which needs no model.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL} may say {@code sd1}. Device, threads, precision and
 * cache are taken and mean nothing here, so that a host can configure all decoders alike.
 */
public final class PreviewDecoderProvider implements LatentDecoderProvider {
  /** Name of this provider. */
  public static final String NAME = "preview";

  /** The only table of colours. */
  static final String MODEL = "sd1";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return new Availability(true, "in Java, needs no model");
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    ModelSettings.requireKnownKeys(config, "the preview");
    String model = config.get(DecoderConfig.MODEL).orElse(MODEL);
    if (!model.equals(MODEL)) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "the preview has no model '" + model + "'; it has " + MODEL + " and needs no file");
    }
    return new PreviewDecoder(
        new MemoryLedger(ModelSettings.memory(config), SystemMemory.here()::own));
  }
}
