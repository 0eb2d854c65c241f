package io.github.consistencydecoder.server.core;

import java.time.Duration;

/**
 * What the service takes.
 *
 * @param maxPixels of all pictures of a call
 * @param maxBatch pictures of a call
 * @param maxTime of a call, waiting included, whatever its deadline says
 * @param maxQueued predicted work that may wait
 * @param memoryBytes that running calls may reserve together, beyond the loaded models
 * @param lanes calls that run at the same time
 */
public record ServiceLimits(
    long maxPixels,
    int maxBatch,
    Duration maxTime,
    Duration maxQueued,
    long memoryBytes,
    int lanes) {
  /**
   * Bytes that the body of the largest decode may have: latents and two noise tensors, float32, and
   * a margin.
   */
  public long maxRequestBytes() {
    return maxPixels * (3 * 4 * 2) + maxPixels / 64 * 4 * 4 + 65_536;
  }
}
