package io.github.consistencydecoder.plugin;

/**
 * An open decoder: latents in, pixels out.
 *
 * <p>Owns its model and everything native behind it. Safe for use by several threads. After {@link
 * #close()}, every method except {@code close} throws {@link IllegalStateException}; closing again
 * does nothing.
 */
public interface LatentDecoder extends AutoCloseable {
  /** What this decoder is. */
  DecoderInfo info();

  /**
   * What {@link #decode} of such a batch will cost.
   *
   * @param batch number of latents
   * @param height of a latent, in cells
   * @param width of a latent, in cells
   */
  DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options);

  /**
   * Decodes a batch. The same latents, options and decoder give the same bytes, whatever the number
   * of threads. Interrupting the thread ends the decode as a cancellation does; the thread is still
   * interrupted afterwards.
   *
   * @param latents borrowed; either scale, the decoder converts
   * @return the pictures, {@code [N, 3, 8h, 8w]}; the caller's
   * @throws DecoderException with a code that says whose fault it was
   */
  Decoded decode(Latents latents, DecodeOptions options);

  /** Waits for running decodes, then frees everything. */
  @Override
  void close();
}
