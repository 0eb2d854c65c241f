package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;

/** Where {@link StepSession} has the runtime's session for a size from. */
interface StepSessions {
  /**
   * Pictures that one run can take.
   *
   * @param height in pixels
   * @param width in pixels
   * @throws DecoderException {@link DecoderErrorCode#INVALID_LATENTS} if that is not even one
   */
  int largestBatch(int height, int width);

  /**
   * A session for pictures of a size.
   *
   * @param height in pixels
   * @param width in pixels
   */
  Lease lease(int height, int width) throws IOException, OrtException;

  /** Closes everything; closing again does nothing. */
  void close() throws OrtException;

  /**
   * A session in use.
   *
   * @param handle borrowed until the lease is closed
   * @param end what closing it means
   */
  record Lease(SessionHandle handle, Runnable end) implements AutoCloseable {
    @Override
    public void close() {
      end.run();
    }
  }

  /** One session for all sizes. Takes ownership of it. */
  static StepSessions of(SessionHandle handle) {
    return ofAtMost(handle, Long.MAX_VALUE);
  }

  /**
   * One session for all sizes up to a limit. Takes ownership of it.
   *
   * @param mostPixels of all pictures of a run
   */
  static StepSessions ofAtMost(SessionHandle handle, long mostPixels) {
    return new StepSessions() {
      @Override
      public int largestBatch(int height, int width) {
        long batch = mostPixels / ((long) height * width);
        if (batch == 0) {
          throw new DecoderException(
              DecoderErrorCode.INVALID_LATENTS,
              "a picture of "
                  + width
                  + "x"
                  + height
                  + " pixels is too large to be evaluated at once by CUDA's kernels, which take "
                  + mostPixels
                  + " pixels of this model: decode it in tiles, or on the CPU");
        }
        return (int) Math.min(Integer.MAX_VALUE, batch);
      }

      @Override
      public Lease lease(int height, int width) {
        return new Lease(handle, () -> {});
      }

      @Override
      public void close() throws OrtException {
        handle.close();
      }
    };
  }
}
