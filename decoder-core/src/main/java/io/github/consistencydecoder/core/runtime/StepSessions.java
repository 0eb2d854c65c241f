package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.memory.RunForecast;
import io.github.consistencydecoder.plugin.Cancellation;
import java.io.IOException;

/** Where {@link NetworkRunner} has the runtime's session for a size from. */
public interface StepSessions {
  /**
   * Pictures that one run can take; 0 if they are too large.
   *
   * @param height in pixels
   * @param width in pixels
   */
  int largestBatch(int height, int width);

  /**
   * Waits until pictures of a size can be evaluated.
   *
   * @param height in pixels
   * @param width in pixels
   * @throws io.github.consistencydecoder.plugin.DecoderException if it is cancelled
   */
  Lease lease(int height, int width, Cancellation cancellation) throws IOException, OrtException;

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

  /** A size's turn. */
  interface Lease extends AutoCloseable {
    /**
     * Evaluates pictures of the size.
     *
     * @param work borrows the session; may be done twice
     */
    void run(SessionPool.Work<Session> work) throws IOException, OrtException;

    @Override
    void close();

    /** Of a session, which is borrowed. */
    static Lease of(Session handle, Runnable end) {
      return new Lease() {
        @Override
        public void run(SessionPool.Work<Session> work) throws OrtException {
          work.with(handle);
        }

        @Override
        public void close() {
          end.run();
        }
      };
    }
  }

  /**
   * How much one run takes.
   *
   * @param mostPixels of a picture
   * @param together pixels of several pictures in one run at most
   * @param deviceBytesPerPixel as {@link StepSessions#deviceBytesPerPixel}
   */
  record Limits(long mostPixels, long together, long deviceBytesPerPixel) {
    static final Limits NONE = new Limits(Long.MAX_VALUE, Long.MAX_VALUE, 0);
  }

  /**
   * By a graph for all sizes. Takes ownership of the session.
   *
   * @param most sessions at one time on a CUDA device; one where opening another takes long
   * @param forecast of runs on the CPU
   */
  static StepSessions of(
      Session handle, Device device, int most, RunForecast forecast, Limits limits) {
    return device.kind() == Device.Kind.CPU
        ? of(handle, forecast, limits)
        : of(new SessionPool<>(handle, () -> handle.another(), Session::close, most), limits);
  }

  private static StepSessions of(Session handle, RunForecast forecast, Limits limits) {
    return new Limited(limits, forecast) {
      @Override
      public Lease lease(int height, int width, Cancellation cancellation) {
        return Lease.of(handle, () -> {});
      }

      @Override
      public void giveBack(Device device) {
        Evaluation.giveBack(handle, device);
      }

      @Override
      public void close() {
        handle.close();
      }
    };
  }

  private static StepSessions of(SessionPool<Session> pool, Limits limits) {
    return new Limited(limits, RunForecast.NONE) {
      @Override
      public Lease lease(int height, int width, Cancellation cancellation) {
        SessionPool.Size size = new SessionPool.Size(height, width);
        SessionPool.Hold hold = pool.hold(size, cancellation);
        return new Lease() {
          @Override
          public void run(SessionPool.Work<Session> work) throws IOException, OrtException {
            pool.run(size, cancellation, work);
          }

          @Override
          public void close() {
            hold.close();
          }
        };
      }

      @Override
      public void giveBack(Device device) {
        pool.forEach(handle -> Evaluation.giveBack(handle, device));
      }

      @Override
      public void close() {
        pool.close();
      }
    };
  }

  /** What all sizes share. */
  abstract class Limited implements StepSessions {
    private final Limits limits;
    private final RunForecast forecast;

    Limited(Limits limits, RunForecast forecast) {
      this.limits = limits;
      this.forecast = forecast;
    }

    @Override
    public int largestBatch(int height, int width) {
      long pixels = (long) height * width;
      long alone = pixels <= limits.mostPixels() ? 1 : 0;
      return (int) Math.min(Integer.MAX_VALUE, Math.max(alone, limits.together() / pixels));
    }

    @Override
    public RunForecast forecast(int height, int width) {
      return forecast;
    }

    @Override
    public long deviceBytesPerPixel() {
      return limits.deviceBytesPerPixel();
    }
  }
}
