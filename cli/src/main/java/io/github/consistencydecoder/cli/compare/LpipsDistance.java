package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.compare.metrics.PictureDistance;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.PictureMetric;
import io.github.consistencydecoder.plugin.PictureMetrics;
import java.nio.file.Path;

/**
 * LPIPS over SqueezeNet as a measure of a comparison.
 *
 * <p>Owns the metric. Safe for use by several threads. After {@link #close}, {@link #between}
 * throws {@link IllegalStateException}; closing again does nothing.
 */
public final class LpipsDistance implements PictureDistance, AutoCloseable {
  private static final String PROVIDER = "lpips-squeeze";

  /** Below this, a layer of the network would have nothing left. */
  private static final int SMALLEST_SIDE = 32;

  private final PictureMetric metric;
  private final String identity;

  private LpipsDistance(PictureMetric metric) {
    this.metric = metric;
    this.identity = metric.name() + " " + metric.info().digest();
  }

  /**
   * Opens the metric; the caller closes it.
   *
   * @param weights a safetensors file with SqueezeNet 1.1 and LPIPS's heads
   * @param config what it runs on; the model in it is replaced
   * @throws DecoderException if it cannot be opened
   */
  public static LpipsDistance open(Path weights, DecoderConfig config) {
    return new LpipsDistance(
        PictureMetrics.open(
            PROVIDER, config.with(DecoderConfig.MODEL, weights.toAbsolutePath().toString())));
  }

  @Override
  public String name() {
    return metric.name();
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public double between(Picture a, Picture b) {
    return metric.between(a.toPixels(), b.toPixels());
  }

  @Override
  public int smallestSide() {
    return SMALLEST_SIDE;
  }

  @Override
  public void close() {
    metric.close();
  }
}
