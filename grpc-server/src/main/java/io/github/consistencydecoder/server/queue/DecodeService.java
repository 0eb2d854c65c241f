package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeCall;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** The service behind the endpoints. Safe for use by several threads. */
public interface DecodeService extends AutoCloseable {
  /** The models, in the order in which they were named at the start. */
  List<ModelStatus> models();

  /**
   * A model by its name, or the first if the name is empty.
   *
   * @throws ServiceException {@code NOT_FOUND}
   */
  ModelStatus model(String name) throws ServiceException;

  /** What is taken. */
  ServiceLimits limits();

  /** What can be done at the moment. */
  Readiness readiness();

  /** Tells of every change of {@link #readiness}, in order, starting with the present one. */
  void onReadiness(Consumer<Readiness> listener);

  /** Counts. */
  Ledger ledger();

  /**
   * What a call of this size would cost.
   *
   * @throws ServiceException {@code NOT_FOUND}, {@code UNIMPLEMENTED}, {@code NOT_READY}, {@code
   *     TOO_LARGE}
   */
  Prediction predict(String model, DecodeSize size) throws ServiceException;

  /**
   * Whether a decode of this size would be accepted now; asked by an endpoint before it copies a
   * body. Reserves nothing.
   *
   * @throws ServiceException why not
   */
  void checkAdmission(CallSettings settings, DecodeSize size) throws ServiceException;

  /**
   * A loaded model as what another decode starts from. Each use of it finds the model as it is open
   * then.
   *
   * @param name of the model that makes the start
   * @param model name of the one that goes on from it
   * @throws ServiceException {@code NOT_FOUND}, {@code NOT_READY}, or {@code INVALID} if both are
   *     decoders of the same kind
   */
  LatentDecoder start(String name, String model) throws ServiceException;

  /**
   * Accepts a decode.
   *
   * @param latents belong to the service from here on
   * @param options all but listener and cancellation
   * @throws ServiceException if it is not accepted; the listener then hears nothing
   */
  JobHandle decode(
      CallSettings settings,
      Latents latents,
      DecodeOptions options,
      CallListener<DecodeResult> listener)
      throws ServiceException;

  /** Accepts a decode that an endpoint has read. */
  default JobHandle decode(DecodeCall<?> call, CallListener<DecodeResult> listener)
      throws ServiceException {
    return decode(call.settings(), call.request().latents(), call.request().options(), listener);
  }

  /**
   * Accepts an encoding.
   *
   * @param pixels belong to the service from here on; sides are multiples of 8
   * @throws ServiceException if it is not accepted; the listener then hears nothing
   */
  JobHandle encode(CallSettings settings, Pixels pixels, CallListener<EncodeResult> listener)
      throws ServiceException;

  /**
   * Takes no more calls and finishes those that it has; what is still there after {@code grace} is
   * stopped with {@code NOT_READY}. Returns when no call is left. Calling again waits as well.
   */
  void drain(Duration grace) throws InterruptedException;

  /** Stops everything at once, waits for the workers, closes the models. */
  @Override
  void close();

  /** An accepted call. */
  public interface JobHandle {
    /**
     * The caller has gone. Stops the call wherever it is; the listener hears {@code CANCELLED} when
     * its worker is free again, unless it was done already. Returns at once; calling again does
     * nothing.
     */
    void cancel();
  }

  /**
   * Told what becomes of a call. First {@link #accepted} on the caller's thread (before {@code
   * decode} returns), then {@link #stepStarted} and {@link #stepFinished} on a worker, at last
   * exactly one of {@link #completed} and {@link #failed} on a worker or a timer. Must return
   * quickly; what it throws is logged and changes nothing.
   *
   * @param <R> what a completed call has
   */
  public interface CallListener<R> {
    /**
     * The call was taken.
     *
     * @param ahead calls that wait before it
     * @param nanos predicted time until it is done
     */
    default void accepted(int ahead, long nanos) {}

    /** An evaluation of the network begins; see {@code DecodeListener}. */
    default void stepStarted(int step, int steps, int timestep) {}

    /** An evaluation of the network has ended; see {@code DecodeListener}. */
    default void stepFinished(int step, int steps, long nanos) {}

    /** It is done. Nothing native belongs to the result. */
    void completed(R result);

    /** It has no result. */
    void failed(ServiceException cause);
  }

  /**
   * A completed decode.
   *
   * @param decoded as the decoder gave it; of a call that was batched with others its own part
   * @param model as it was found
   * @param prediction as admitted
   * @param queueNanos from acceptance to the start
   */
  public record DecodeResult(
      Decoded decoded, ModelStatus model, Prediction prediction, long queueNanos) {}

  /**
   * A completed encoding.
   *
   * @param latents the mean of the encoder's distribution; either scale
   * @param model as it was found
   * @param queueNanos from acceptance to the start
   * @param encodeNanos of the encoding
   */
  public record EncodeResult(
      Latents latents, ModelStatus model, long queueNanos, long encodeNanos) {}
}
