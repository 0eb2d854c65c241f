package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * Finds providers and opens decoders.
 *
 * <pre>{@code
 * try (LatentDecoder decoder = Decoders.open("consistency", DecoderConfig.model("tiny"))) {
 *   Decoded decoded = decoder.decode(Latents.scaled(values, 1, 4, 64, 64), DecodeOptions.defaults());
 * }
 * }</pre>
 */
public final class Decoders {
  private static final Providers<LatentDecoderProvider> PROVIDERS =
      new Providers<>(
          LatentDecoderProvider.class,
          "a",
          "decoder",
          LatentDecoderProvider::name,
          LatentDecoderProvider::availability);

  private Decoders() {}

  /**
   * All providers that the context class loader finds, sorted by name. The first of two with one
   * name wins.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER} if one of them cannot even be
   *     made, saying which
   */
  public static List<LatentDecoderProvider> providers() {
    return PROVIDERS.all();
  }

  /**
   * All providers that this class loader finds, sorted by name. The first of two with one name
   * wins.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER} if one of them cannot even be
   *     made, saying which
   */
  public static List<LatentDecoderProvider> providers(ClassLoader loader) {
    return PROVIDERS.all(loader);
  }

  /**
   * The provider of that name.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER}, listing the names there are
   */
  public static LatentDecoderProvider named(String name) {
    return PROVIDERS.named(name);
  }

  /**
   * Opens a decoder. The caller owns and closes it.
   *
   * @param name of a provider, for example {@code consistency}
   * @throws DecoderException if there is no such provider, if it cannot work here, or if it cannot
   *     open the model
   */
  public static LatentDecoder open(String name, DecoderConfig config) {
    requireNonNull(config, "config");
    return PROVIDERS.usable(name).open(config);
  }
}
