package io.github.consistencydecoder.plugin;

/**
 * A distance between pictures that needs a model; lower is closer, 0 for equal pictures.
 *
 * <p>Owns its model and everything native behind it. Safe for use by several threads. After {@link
 * #close()}, every method except {@code close} throws {@link IllegalStateException}; closing again
 * does nothing.
 */
public interface PictureMetric extends AutoCloseable {
  /** As its provider is called. */
  String name();

  /** What this metric is: the model's name and digest belong beside its numbers. */
  DecoderInfo info();

  /**
   * The mean distance between the pictures of two batches, first with first, second with second.
   *
   * @param a {@code [N, 3, H, W]}, RGB in {@code [-1, 1]}; borrowed
   * @param b of the same shape; borrowed
   * @throws DecoderException {@link DecoderErrorCode#INVALID_PIXELS} if the shapes differ, the
   *     pictures are too small for the metric, or a value is not finite
   */
  double between(Pixels a, Pixels b);

  /** Waits for running comparisons, then frees everything. */
  @Override
  void close();
}
