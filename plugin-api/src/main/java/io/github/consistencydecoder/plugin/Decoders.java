package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;

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
  private Decoders() {}

  /**
   * All providers that the context class loader finds, sorted by name. The first of two with one
   * name wins.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER} if one of them cannot even be
   *     made, saying which
   */
  public static List<LatentDecoderProvider> providers() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return providers(loader == null ? Decoders.class.getClassLoader() : loader);
  }

  /**
   * All providers that this class loader finds, sorted by name. The first of two with one name
   * wins.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER} if one of them cannot even be
   *     made, saying which
   */
  public static List<LatentDecoderProvider> providers(ClassLoader loader) {
    TreeMap<String, LatentDecoderProvider> found = new TreeMap<>();
    var providers =
        ServiceLoader.load(LatentDecoderProvider.class, requireNonNull(loader, "loader"))
            .iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          return List.copyOf(found.values());
        }
        LatentDecoderProvider provider = providers.next();
        found.putIfAbsent(
            requireNonNull(provider.name(), () -> "the name of " + provider.getClass().getName()),
            provider);
      } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
        throw new DecoderException(
            DecoderErrorCode.UNKNOWN_DECODER,
            "a decoder plugin on the class path is broken: " + e.getMessage(),
            e);
      }
    }
  }

  /**
   * The provider of that name.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER}, listing the names there are
   */
  public static LatentDecoderProvider named(String name) {
    requireNonNull(name, "name");
    List<String> names = new ArrayList<>();
    for (LatentDecoderProvider provider : providers()) {
      if (provider.name().equals(name)) {
        return provider;
      }
      names.add(provider.name());
    }
    throw new DecoderException(
        DecoderErrorCode.UNKNOWN_DECODER,
        "no decoder is called '"
            + name
            + "'; "
            + (names.isEmpty()
                ? "no decoder is on the class path: add decoder-core or another plugin"
                : "there are: " + String.join(", ", names)));
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
    LatentDecoderProvider provider = named(name);
    Availability availability = provider.availability();
    if (!availability.available()) {
      throw new DecoderException(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          "decoder '" + name + "' cannot work here: " + availability.reason());
    }
    return provider.open(config);
  }
}
