package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.memory.RunForecast;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import io.github.consistencydecoder.models.network.graph.NormStatistics;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Evaluates one step of the consistency decoder.
 *
 * <p>Owns the runtime's sessions. Safe for use by several threads. After {@link #close}, {@link
 * #evaluate} must not be called; closing again does nothing. The caller closes only when no
 * evaluation is running.
 */
public final class NetworkRunner implements EntryUse, AutoCloseable {
  private final StepSessions sessions;
  private final Device device;
  private final DeviceMemory memory;
  private final String norms;

  /** Of the cache, which this was opened from. */
  private volatile CacheLocks.Held entry = CacheLocks.Held.NONE;

  /**
   * By a graph for all sizes in standard operators. Takes ownership of the session.
   *
   * @param forecast of its runs on the CPU
   */
  public static NetworkRunner of(
      Session handle, Device device, RunForecast forecast, NormStatistics statistics) {
    return new NetworkRunner(
        StepSessions.of(handle, device, 1, forecast, StepSessions.Limits.NONE), device, statistics);
  }

  /** Takes ownership of the sessions. */
  public NetworkRunner(StepSessions sessions, Device device) {
    this(sessions, device, NormStatistics.OWN);
  }

  /**
   * Takes ownership of the sessions.
   *
   * @param statistics of the graphs behind them
   */
  public NetworkRunner(StepSessions sessions, Device device, NormStatistics statistics) {
    this.sessions = sessions;
    this.device = device;
    this.memory = new DeviceMemory(DeviceMemory.IDLE, () -> sessions.giveBack(device));
    this.norms =
        statistics == NormStatistics.GIVEN ? ConsistencyGraph.NORMS : ConsistencyGraph.CONDITIONING;
  }

  /**
   * Runs the network. Returns soon after {@code cancellation} is thrown. Keeps memory, on the CPU
   * until {@link #giveBack}, on another device for a while.
   *
   * @param together pictures of one run at most; the fewer, the less memory
   * @param noisy {@code [N, 3, 8h, 8w]}; borrowed
   * @param image {@code [N, 3, 8h, 8w]}; filled with the result, not clamped
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}, {@link
   *     DecoderErrorCode#OUT_OF_MEMORY} or {@link DecoderErrorCode#RUNTIME_FAILED}
   */
  public void evaluate(
      StepInputs in, int together, float[] noisy, float[] image, Cancellation cancellation) {
    int values = 3 * 64 * in.height() * in.width();
    evaluate(
        in,
        together,
        noisy,
        (first, x0) -> x0.get(image, first * values, x0.remaining()),
        cancellation);
  }

  /**
   * Runs a network that measures its norms' statistics. Returns soon after {@code cancellation} is
   * thrown.
   *
   * @param in one picture
   * @param noisy {@code [1, 3, 8h, 8w]}; borrowed
   * @return the statistics of every norm, as {@link
   *     io.github.consistencydecoder.models.network.FoldedNorms} takes them
   * @throws DecoderException as {@link #evaluate}
   */
  float[] measure(StepInputs in, float[] noisy, Cancellation cancellation) {
    float[][] statistics = new float[1][];
    evaluate(
        in,
        1,
        noisy,
        (first, output) -> {
          statistics[0] = new float[output.remaining()];
          output.get(statistics[0]);
        },
        cancellation);
    return statistics[0];
  }

  /** What is done with the output of the run whose first picture is {@code first}. */
  private interface Output {
    void accept(int first, FloatBuffer output);
  }

  private void evaluate(
      StepInputs in, int together, float[] noisy, Output output, Cancellation cancellation) {
    int height = 8 * in.height();
    int width = 8 * in.width();
    int most = Math.min(together, sessions.largestBatch(height, width));
    if (most == 0) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_LATENTS,
          "a picture of "
              + width
              + "x"
              + height
              + " pixels is too large to be evaluated at once by CUDA's kernels: decode it in"
              + " tiles, or on the CPU");
    }
    int count = onCpu() ? Math.min(most, in.batch()) : evenly(in.batch(), most);
    if (!onCpu()) {
      CudaFailure.requireNotLost();
      memory.begin((long) count * height * width);
    }
    try (StepSessions.Lease lease = sessions.lease(height, width, cancellation)) {
      for (int next = 0; next < in.batch(); next += count) {
        cancellation.check();
        int first = onCpu() ? next : Math.min(next, in.batch() - count);
        int pictures = Math.min(count, in.batch() - first);
        lease.run(handle -> run(handle, in, first, pictures, noisy, output, cancellation));
      }
    } catch (OrtException e) {
      throw Evaluation.failed(
          e,
          cancellation,
          "decode " + in.batch() + " picture(s) of " + width + "x" + height + " pixels");
    } catch (IOException e) {
      throw Evaluation.unreadable(e);
    } finally {
      if (!onCpu()) {
        memory.end();
      }
    }
  }

  /**
   * Pictures of each run: as many in every one, since a session makes its plans anew where their
   * number changes. The last run may begin with pictures of the one before.
   *
   * @param most of a run
   */
  static int evenly(int batch, int most) {
    int runs = (batch - 1) / most + 1;
    return (batch - 1) / runs + 1;
  }

  /**
   * Keeps the device for pictures of one size until it is closed, as far as others let it: for all
   * of a decode. On the CPU nothing has to be kept.
   *
   * @param height h, of the latent in cells
   * @param width w, of the latent in cells
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}
   */
  public Hold hold(int height, int width, Cancellation cancellation) {
    if (onCpu()) {
      return () -> {};
    }
    try {
      StepSessions.Lease lease = sessions.lease(8 * height, 8 * width, cancellation);
      return lease::close;
    } catch (OrtException e) {
      throw Evaluation.failed(e, cancellation, "keep the device");
    } catch (IOException e) {
      throw Evaluation.unreadable(e);
    }
  }

  /** What is kept; to be closed once. */
  public interface Hold extends AutoCloseable {
    @Override
    void close();
  }

  /** Whether it runs on the CPU. */
  public boolean onCpu() {
    return device.kind() == Device.Kind.CPU;
  }

  /**
   * Pictures that one run can take; 0 if they are too large.
   *
   * @param height h, of the latent in cells
   * @param width w, of the latent in cells
   */
  public int largestBatch(int height, int width) {
    return sessions.largestBatch(8 * height, 8 * width);
  }

  /**
   * Bytes of the process's memory that a run holds at its peak, inputs and output included, the
   * weights aside; on another device than the CPU, inputs and output alone.
   *
   * @param pictures of the run, at most {@link #largestBatch}
   * @param height h, of the latent in cells
   * @param width w, of the latent in cells
   * @return empty where what the runtime makes of the graph cannot be seen
   */
  public OptionalLong runBytes(int pictures, int height, int width) {
    if (!onCpu()) {
      return OptionalLong.of(2L * Float.BYTES * 3 * 64 * pictures * height * width);
    }
    try {
      return sessions.forecast(8 * height, 8 * width).bytes(pictures, height, width);
    } catch (IOException e) {
      throw Evaluation.unreadable(e);
    }
  }

  /**
   * Bytes of another device's memory that evaluating pictures takes at its peak, beyond the
   * weights.
   *
   * @param pictures as many as wanted
   * @param height h, of the latent in cells
   * @param width w, of the latent in cells
   * @return empty on the CPU and where it is not known
   */
  public OptionalLong deviceBytes(int pictures, int height, int width) {
    long each = 64L * height * width * sessions.deviceBytesPerPixel();
    return onCpu() || each == 0
        ? OptionalLong.empty()
        : OptionalLong.of(each * Math.max(1, Math.min(pictures, largestBatch(height, width))));
  }

  private void run(
      Session handle,
      StepInputs in,
      int first,
      int count,
      float[] noisy,
      Output output,
      Cancellation cancellation)
      throws OrtException {
    OrtEnvironment environment = OnnxRuntime.environment();
    int cells = in.height() * in.width();
    int values = 3 * 64 * cells;
    try (OnnxTensor x =
            OnnxTensor.createTensor(
                environment,
                FloatBuffer.wrap(noisy, first * values, count * values),
                new long[] {count, 3, 8L * in.height(), 8L * in.width()});
        OnnxTensor f =
            OnnxTensor.createTensor(
                environment,
                FloatBuffer.wrap(in.features(), first * 4 * cells, count * 4 * cells),
                new long[] {count, 4, in.height(), in.width()});
        OnnxTensor c =
            OnnxTensor.createTensor(
                environment,
                FloatBuffer.wrap(in.conditioning()),
                new long[] {in.conditioning().length});
        OnnxTensor k =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(in.coefficients()), new long[] {3})) {
      Map<String, OnnxTensor> inputs =
          Map.of(
              ConsistencyGraph.NOISY,
              x,
              ConsistencyGraph.FEATURES,
              f,
              norms,
              c,
              ConsistencyGraph.COEFFICIENTS,
              k);
      Evaluation.run(handle, false, inputs, result -> output.accept(first, result), cancellation);
    }
  }

  /**
   * Gives the memory back that evaluations have left with the session for those that follow. To be
   * called after the last evaluation of a decode, also of one that failed.
   */
  public void giveBack() {
    if (onCpu()) {
      sessions.giveBack(device);
    }
  }

  /** Likewise on any device: something else is about to need the memory. */
  public void giveBackNow() {
    giveBack();
    memory.now();
  }

  @Override
  public void closeToo(CacheLocks.Held held) {
    this.entry = held;
  }

  @Override
  public void close() {
    memory.close();
    try {
      sessions.close();
    } finally {
      entry.close();
    }
  }
}
