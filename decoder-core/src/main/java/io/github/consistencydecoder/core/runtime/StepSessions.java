package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import java.io.IOException;

/** Where {@link StepSession} has the runtime's session for a size from. */
interface StepSessions {
  /**
   * Pictures that one run can take; 0 if they are too large.
   *
   * @param height in pixels
   * @param width in pixels
   */
  int largestBatch(int height, int width);

  /**
   * A session for pictures of a size.
   *
   * @param height in pixels
   * @param width in pixels
   */
  Lease lease(int height, int width) throws IOException, OrtException;

  /**
   * What runs for pictures of a size will take.
   *
   * @param height in pixels
   * @param width in pixels
   */
  RunForecast forecast(int height, int width) throws IOException;

  /**
   * Gives back to the system what runs have left with the sessions.
   *
   * @param device that they run on
   */
  void giveBack(Device device);

  /**
   * Bytes of another device's memory that a run takes for each pixel of its pictures beyond the
   * weights; 0 where that is not known or there is no other device.
   */
  default long deviceBytesPerPixel() {
    return 0;
  }

  /** Closes everything; closing again does nothing. */
  void close();

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

  /**
   * How much one run takes.
   *
   * @param mostPixels of a picture
   * @param together pixels of several pictures in one run at most
   * @param deviceBytesPerPixel as {@link StepSessions#deviceBytesPerPixel}
   */
  record Limits(long mostPixels, long together, long deviceBytesPerPixel) {}

  /**
   * One session for all sizes. Takes ownership of it.
   *
   * @param forecast of its runs
   */
  static StepSessions of(SessionHandle handle, RunForecast forecast) {
    return of(handle, forecast, new Limits(Long.MAX_VALUE, Long.MAX_VALUE, 0));
  }

  /**
   * One session for all sizes up to a limit. Takes ownership of it.
   *
   * @param forecast of its runs
   */
  static StepSessions of(SessionHandle handle, RunForecast forecast, Limits limits) {
    return new StepSessions() {
      @Override
      public int largestBatch(int height, int width) {
        long pixels = (long) height * width;
        long alone = pixels <= limits.mostPixels() ? 1 : 0;
        return (int) Math.min(Integer.MAX_VALUE, Math.max(alone, limits.together() / pixels));
      }

      @Override
      public Lease lease(int height, int width) {
        return new Lease(handle, () -> {});
      }

      @Override
      public RunForecast forecast(int height, int width) {
        return forecast;
      }

      @Override
      public void giveBack(Device device) {
        Evaluation.giveBack(handle, device);
      }

      @Override
      public long deviceBytesPerPixel() {
        return limits.deviceBytesPerPixel();
      }

      @Override
      public void close() {
        handle.close();
      }
    };
  }
}
