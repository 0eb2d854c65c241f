package io.github.consistencydecoder.plugin;

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
  private static final Providers<LatentDecoderProvider, LatentDecoder> PROVIDERS =
      new Providers<>(
          LatentDecoderProvider.class,
          "decoder",
          LatentDecoderProvider::name,
          LatentDecoderProvider::availability,
          LatentDecoderProvider::open,
          LatentDecoder::info);

  private Decoders() {}

  /**
   * All providers that the context class loader finds, sorted by name. The first of two with one
   * name wins. One that cannot be made or has no name is left out.
   */
  public static List<LatentDecoderProvider> providers() {
    return PROVIDERS.find().providers();
  }

  /**
   * All providers that this class loader finds, sorted by name. The first of two with one name
   * wins. One that cannot be made or has no name is left out.
   */
  public static List<LatentDecoderProvider> providers(ClassLoader loader) {
    return PROVIDERS.find(loader).providers();
  }

  /** A sentence for each plugin that the context class loader finds and that was left out. */
  public static List<String> problems() {
    return PROVIDERS.find().problems();
  }

  /** Whether a provider can work here; one that breaks its promise to answer cannot. */
  public static Availability availability(LatentDecoderProvider provider) {
    return PROVIDERS.availabilityOf(provider);
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
    return PROVIDERS.open(name, config);
  }
}
