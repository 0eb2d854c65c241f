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

  /** Gives back to the system what runs on the CPU have left with the sessions. */
  void giveBack();

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
   * One session for all sizes. Takes ownership of it.
   *
   * @param forecast of its runs
   */
  static StepSessions of(SessionHandle handle, RunForecast forecast) {
    return of(handle, forecast, Long.MAX_VALUE);
  }

  /**
   * One session for all sizes up to a limit. Takes ownership of it.
   *
   * @param forecast of its runs
   * @param mostPixels of all pictures of a run
   */
  static StepSessions of(SessionHandle handle, RunForecast forecast, long mostPixels) {
    return new StepSessions() {
      @Override
      public int largestBatch(int height, int width) {
        long batch = mostPixels / ((long) height * width);
        return (int) Math.min(Integer.MAX_VALUE, batch);
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
      public void giveBack() {
        Evaluation.giveBack(handle);
      }

      @Override
      public void close() {
        handle.close();
      }
    };
  }
}
