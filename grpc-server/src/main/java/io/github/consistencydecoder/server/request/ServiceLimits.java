package io.github.consistencydecoder.server.request;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import java.time.Duration;

/**
 * Limits of what the service takes.
 *
 * @param maxPixels of all pictures of a call
 * @param maxBatch pictures of a call
 * @param maxTime of a call, waiting included, whatever its deadline says
 * @param maxQueued predicted work that may wait, a call's own included; one call may wait whatever
 *     its size, unless this is zero
 * @param memoryBytes that running calls may reserve together, beyond the loaded models
 * @param workers calls that run at the same time
 */
public record ServiceLimits(
    long maxPixels,
    int maxBatch,
    Duration maxTime,
    Duration maxQueued,
    long memoryBytes,
    int workers) {
  /** Available memory where it cannot be told: enough for small pictures. */
  private static final long UNKNOWN = 2L << 30;

  private static final int MOST_STEPS = 64;
  private static final Duration LONGEST = Duration.ofDays(365);

  public ServiceLimits {
    requireNonNull(maxTime, "maxTime");
    requireNonNull(maxQueued, "maxQueued");
    if (maxPixels < 64 || maxBatch < 1 || memoryBytes < 1 || workers < 1) {
      throw new IllegalArgumentException(
          ("limits of %s pixels, a batch of %s, %s bytes and %s workers leave nothing that"
                  + " could be done; at least 64, 1, 1 and 1 are needed")
              .formatted(maxPixels, maxBatch, memoryBytes, workers));
    }
    if (maxTime.compareTo(LONGEST) > 0 || maxQueued.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "a call may take " + maxTime + " and " + maxQueued + " may wait: at most " + LONGEST);
    }
    if (maxTime.isNegative() || maxTime.isZero() || maxQueued.isNegative()) {
      throw new IllegalArgumentException(
          "a call may take " + maxTime + " and " + maxQueued + " may wait: both must be positive");
    }
  }

  /**
   * What suits this machine and this heap: a call may have 2048x2048 pixels if the heap can hold
   * their numbers, up to 16 pictures and 15 minutes (a large picture on a processor takes several),
   * a minute of work may wait, one worker, and seven tenths of the memory that is available now.
   */
  public static ServiceLimits defaults() {
    long heap = Runtime.getRuntime().maxMemory();
    long memory = SystemMemory.here().available().orElse(UNKNOWN);
    // Two tensors of the sampler, the result, noise given by the caller and an endpoint's answer.
    long heapPixels = heap / (6 * 3 * 4);
    return new ServiceLimits(
        Math.max(256 * 256, Math.min(2048 * 2048, heapPixels)),
        16,
        Duration.ofMinutes(15),
        Duration.ofMinutes(1),
        Math.max(256L << 20, memory / 10 * 7),
        1);
  }

  /**
   * Bytes that the body of the largest decode may have: latents and two noise tensors, float32, and
   * a margin.
   */
  public long maxRequestBytes() {
    return maxPixels * (3 * 4 * 2) + maxPixels / 64 * 4 * 4 + 65_536;
  }

  /**
   * Whether a call of this size can ever be served.
   *
   * @throws ServiceException {@code INVALID} or {@code TOO_LARGE}
   */
  public void check(DecodeSize size) throws ServiceException {
    if (size.batch() < 1 || size.height() < 1 || size.width() < 1) {
      throw ServiceException.invalid(
          size.kind() == CallKind.DECODE ? "latents.tensor.shape" : "pictures",
          "the batch has %s latents of %sx%s cells: each number must be at least 1"
              .formatted(size.batch(), size.height(), size.width()));
    }
    if (size.steps() < 1 || size.steps() > MOST_STEPS) {
      throw ServiceException.invalid(
          "timesteps",
          "there are " + size.steps() + " steps: 1 to " + MOST_STEPS + " are possible");
    }
    // In floating point: the product of a hostile shape would overflow.
    double pixels = 64.0 * size.batch() * size.height() * size.width();
    if (pixels > maxPixels()) {
      throw tooLarge((long) pixels, "pixels", maxPixels());
    }
    if (size.batch() > maxBatch()) {
      throw tooLarge(size.batch(), "pictures", maxBatch());
    }
  }

  /** A call that can never fit. */
  public static ServiceException tooLarge(long need, String unit, long limit) {
    return ServiceException.of(
        ServiceError.TOO_LARGE, "the call needs " + need + " " + unit + ", the limit is " + limit);
  }
}
