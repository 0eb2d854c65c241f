package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * Finds providers and opens picture metrics.
 *
 * <pre>{@code
 * try (PictureMetric lpips = PictureMetrics.open("lpips-squeeze", DecoderConfig.model(file))) {
 *   double distance = lpips.between(truth, decoded);
 * }
 * }</pre>
 */
public final class PictureMetrics {
  private static final Providers<PictureMetricProvider> PROVIDERS =
      new Providers<>(
          PictureMetricProvider.class,
          "a",
          "picture metric",
          PictureMetricProvider::name,
          PictureMetricProvider::availability);

  private PictureMetrics() {}

  /**
   * All providers that the context class loader finds, sorted by name. The first of two with one
   * name wins.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER} if one of them cannot even be
   *     made, saying which
   */
  public static List<PictureMetricProvider> providers() {
    return PROVIDERS.all();
  }

  /**
   * All providers that this class loader finds, sorted by name. The first of two with one name
   * wins.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER} if one of them cannot even be
   *     made, saying which
   */
  public static List<PictureMetricProvider> providers(ClassLoader loader) {
    return PROVIDERS.all(loader);
  }

  /**
   * The provider of that name.
   *
   * @throws DecoderException {@link DecoderErrorCode#UNKNOWN_DECODER}, listing the names there are
   */
  public static PictureMetricProvider named(String name) {
    return PROVIDERS.named(name);
  }

  /**
   * Opens a picture metric. The caller owns and closes it.
   *
   * @param name of a provider, for example {@code lpips-squeeze}
   * @throws DecoderException if there is no such provider, if it cannot work here, or if it cannot
   *     open the model
   */
  public static PictureMetric open(String name, DecoderConfig config) {
    requireNonNull(config, "config");
    return PROVIDERS.usable(name).open(config);
  }
}
