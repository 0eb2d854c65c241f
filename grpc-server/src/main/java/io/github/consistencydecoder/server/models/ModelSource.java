package io.github.consistencydecoder.server.models;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The source of a model. May be opened again after what it opened was closed; what it opens is the
 * caller's. Immutable.
 */
public final class ModelSource {
  private final Supplier<LatentDecoder> decoder;
  private final Supplier<LatentEncoder> encoder;

  private ModelSource(Supplier<LatentDecoder> decoder, Supplier<LatentEncoder> encoder) {
    this.decoder = requireNonNull(decoder, "decoder");
    this.encoder = encoder;
  }

  /** A decoder and no encoder. */
  public static ModelSource of(Supplier<LatentDecoder> decoder) {
    return new ModelSource(decoder, null);
  }

  /**
   * A decoder of an installed provider.
   *
   * @param provider such as {@code consistency}
   */
  public static ModelSource of(String provider, DecoderConfig config) {
    requireNonNull(provider, "provider");
    requireNonNull(config, "config");
    return of(() -> Decoders.open(provider, config));
  }

  /** The same decoder, and an encoder that is opened with it. */
  public ModelSource withEncoder(Supplier<LatentEncoder> encoder) {
    return new ModelSource(decoder, requireNonNull(encoder, "encoder"));
  }

  /** The same decoder, and an encoder of an installed provider. */
  public ModelSource withEncoder(String provider, DecoderConfig config) {
    requireNonNull(provider, "provider");
    requireNonNull(config, "config");
    return withEncoder(() -> Encoders.open(provider, config));
  }

  boolean encodes() {
    return encoder != null;
  }

  LatentDecoder openDecoder() {
    return decoder.get();
  }

  Optional<LatentEncoder> openEncoder() {
    return encoder == null ? Optional.empty() : Optional.of(encoder.get());
  }
}
