package io.github.consistencydecoder.plugin;

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
  private static final Providers<PictureMetricProvider, PictureMetric> PROVIDERS =
      new Providers<>(
          PictureMetricProvider.class,
          "picture metric",
          PictureMetricProvider::name,
          PictureMetricProvider::availability,
          PictureMetricProvider::open,
          PictureMetric::info);

  private PictureMetrics() {}

  /**
   * All providers that the context class loader finds, sorted by name. The first of two with one
   * name wins. One that cannot be made or has no name is left out.
   */
  public static List<PictureMetricProvider> providers() {
    return PROVIDERS.find().providers();
  }

  /**
   * All providers that this class loader finds, sorted by name. The first of two with one name
   * wins. One that cannot be made or has no name is left out.
   */
  public static List<PictureMetricProvider> providers(ClassLoader loader) {
    return PROVIDERS.find(loader).providers();
  }

  /** A sentence for each plugin that the context class loader finds and that was left out. */
  public static List<String> problems() {
    return PROVIDERS.find().problems();
  }

  /** Whether a provider can work here; one that breaks its promise to answer cannot. */
  public static Availability availability(PictureMetricProvider provider) {
    return PROVIDERS.availabilityOf(provider);
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
    return PROVIDERS.open(name, config);
  }
}
