package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

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
  private static final Providers<LatentEncoderProvider> PROVIDERS =
      new Providers<>(
          LatentEncoderProvider.class,
          "an",
          "encoder",
          LatentEncoderProvider::name,
          LatentEncoderProvider::availability);

  private Encoders() {}

  /**
   * All providers that the context class loader finds, sorted by name. The first of two with one
   * name wins.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER} if one of them cannot even be
   *     made, saying which
   */
  public static List<LatentEncoderProvider> providers() {
    return PROVIDERS.all();
  }

  /**
   * All providers that this class loader finds, sorted by name. The first of two with one name
   * wins.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER} if one of them cannot even be
   *     made, saying which
   */
  public static List<LatentEncoderProvider> providers(ClassLoader loader) {
    return PROVIDERS.all(loader);
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
    requireNonNull(config, "config");
    return PROVIDERS.usable(name).open(config);
  }
}
