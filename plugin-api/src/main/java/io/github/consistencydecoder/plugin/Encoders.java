package io.github.consistencydecoder.plugin;

import java.util.List;

/**
 * Finds providers and opens encoders.
 *
 * <pre>{@code
 * try (LatentEncoder encoder = Encoders.open("vae", DecoderConfig.model("sd-vae-ft-mse"))) {
 *   Latents latents = encoder.encode(pixels);
 * }
 * }</pre>
 */
public final class Encoders {
  private static final Providers<LatentEncoderProvider, LatentEncoder> PROVIDERS =
      new Providers<>(
          LatentEncoderProvider.class,
          "encoder",
          LatentEncoderProvider::name,
          LatentEncoderProvider::availability,
          LatentEncoderProvider::open,
          LatentEncoder::info);

  private Encoders() {}

  /**
   * All providers that the context class loader finds, sorted by name. The first of two with one
   * name wins. One that cannot be made or has no name is left out.
   */
  public static List<LatentEncoderProvider> providers() {
    return PROVIDERS.find().providers();
  }

  /**
   * All providers that this class loader finds, sorted by name. The first of two with one name
   * wins. One that cannot be made or has no name is left out.
   */
  public static List<LatentEncoderProvider> providers(ClassLoader loader) {
    return PROVIDERS.find(loader).providers();
  }

  /** A sentence for each plugin that the context class loader finds and that was left out. */
  public static List<String> problems() {
    return PROVIDERS.find().problems();
  }

  /** Whether a provider can work here; one that breaks its promise to answer cannot. */
  public static Availability availability(LatentEncoderProvider provider) {
    return PROVIDERS.availabilityOf(provider);
  }

  /**
   * The provider of that name.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER}, listing the names there are
   */
  public static LatentEncoderProvider named(String name) {
    return PROVIDERS.named(name);
  }

  /**
   * Opens an encoder. The caller owns and closes it.
   *
   * @param name of a provider, for example {@code vae}
   * @throws DecoderException if there is no such provider, if it cannot work here, or if it cannot
   *     open the model
   */
  public static LatentEncoder open(String name, DecoderConfig config) {
    return PROVIDERS.open(name, config);
  }
}
