package io.github.consistencydecoder.plugin;

/**
 * An open encoder: pixels in, latents out.
 *
 * <p>Owns its model and everything native behind it. Safe for use by several threads. After {@link
 * #close()}, every method except {@code close} throws {@link IllegalStateException}; closing again
 * does nothing.
 */
public interface LatentEncoder extends AutoCloseable {
  /** What this encoder is. */
  DecoderInfo info();

  /**
   * What {@link #encode} of such a batch will cost.
   *
   * @param batch number of pictures
   * @param height of a picture, in pixels
   * @param width of a picture, in pixels
   */
  DecodeEstimate estimate(int batch, int height, int width);

  /**
   * Encodes a batch. The same pixels and encoder give the same latents, whatever the number of
   * threads; where an encoder gives a distribution, these are its mean. Interrupting the thread
   * ends the encoding as a cancellation does; the thread is still interrupted afterwards.
   *
   * @param pixels {@code [N, 3, H, W]}, RGB in {@code [-1, 1]}, H and W multiples of {@value
   *     Latents#PIXELS_PER_CELL}; borrowed
   * @param cancellation stops the encoding; borrowed
   * @return {@code [N, 4, H / 8, W / 8]}, in either scale, which they say; the caller's
   * @throws DecoderException {@link DecoderErrorCode#INVALID_PIXELS} if a side is no multiple of
   *     {@value Latents#PIXELS_PER_CELL} or a value is not finite, {@link
   *     DecoderErrorCode#CANCELLED}, or another code that says whose fault it was
   */
  Latents encode(Pixels pixels, Cancellation cancellation);

  /** As {@link #encode(Pixels, Cancellation)}, never cancelled. */
  default Latents encode(Pixels pixels) {
    return encode(pixels, Cancellation.NEVER);
  }

  /** Waits for running encodings, then frees everything. */
  @Override
  void close();
}
