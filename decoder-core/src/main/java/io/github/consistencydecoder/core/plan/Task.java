package io.github.consistencydecoder.core.plan;

import io.github.consistencydecoder.plugin.Latents;

/**
 * A batch of pictures to decode.
 *
 * @param batch N
 * @param height in cells
 * @param width in cells
 * @param steps evaluations of the network
 */
public record Task(int batch, int height, int width, int steps) {
  /** Values of a picture for each of its cells. */
  private static final long CELL = 3L * Latents.PIXELS_PER_CELL * Latents.PIXELS_PER_CELL;

  /**
   * What a decode takes besides tensors: stacks of the runtime's threads, code that is compiled on
   * its first use, latents. Measured at 8 MB for a first decode of 64x64.
   */
  private static final long BESIDES = 12L << 20;

  /**
   * Bytes in Java: the noisy pictures, the result, and copies of what one evaluation sees. It is
   * copied twice, and what the last step left may not have been collected yet.
   *
   * @param together pictures that an evaluation sees
   */
  long heapBytes(int together) {
    long copies = steps > 1 ? 3 : 1;
    return BESIDES + Float.BYTES * CELL * height * width * (2L * batch + copies * together);
  }

  @Override
  public String toString() {
    return (batch == 1 ? "a picture" : batch + " pictures")
        + " of "
        + Latents.PIXELS_PER_CELL * width
        + "x"
        + Latents.PIXELS_PER_CELL * height
        + " pixels";
  }
}
