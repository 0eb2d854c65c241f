package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.http.Router.HttpContext;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.RejectedExecutionException;

/**
 * A request whose body becomes a call of the service, from the room for the body to the answer's
 * end. What the body holds is given back when the answer has been written or cannot be.
 *
 * @param <R> what the service gives
 */
abstract class BodyCall<R> implements CallListener<R> {
  private static final Duration SOON = Duration.ofSeconds(1);

  final HttpContext endpoint;
  final Exchange exchange;
  final CallSettings settings;
  private final ByteBudget.Share share;

  /**
   * @param model name, or empty
   * @param timeoutNanos the caller's own limit, or 0
   */
  BodyCall(HttpContext endpoint, Exchange exchange, String model, long timeoutNanos) {
    this.endpoint = endpoint;
    this.exchange = exchange;
    this.share = endpoint.bytes().share();
    this.settings =
        new CallSettings(
            exchange.requestId(),
            model,
            timeoutNanos == 0
                ? OptionalLong.empty()
                : OptionalLong.of(System.nanoTime() + timeoutNanos),
            Priority.NORMAL);
  }

  /**
   * Begins to read the body.
   *
   * @param limit of the body, bytes
   * @throws ServiceException {@code TOO_LARGE}, {@code BUSY}
   */
  final void readBody(int limit) throws ServiceException {
    long announced = exchange.request().getLength();
    if (announced > limit) {
      throw ServiceException.of(
          ServiceError.TOO_LARGE,
          "a body of " + announced + " bytes is larger than the limit of " + limit);
    }
    if (!share.take(announced >= 0 ? announced : limit)) {
      throw ServiceException.retry(
          ServiceError.BUSY, "too much is being received at the moment, try again soon", SOON);
    }
    BodyRead.start(this, limit, endpoint.bodyTime());
  }

  /**
   * The length of a body that holds the elements of a tensor alone.
   *
   * @throws ServiceException {@code INVALID} if another one is announced
   */
  final int exactly(long needed, List<Long> shape, TensorType type) throws ServiceException {
    long announced = exchange.request().getLength();
    if (announced >= 0 && announced != needed) {
      throw ServiceException.invalid(
          "body",
          "%s bytes were sent, shape %s of %s needs %s"
              .formatted(announced, shape, type.torchName(), needed));
    }
    return (int) Math.min(needed, Integer.MAX_VALUE - 8);
  }

  /** The body could not be read; says so. */
  final void refused(Refusal refusal) {
    exchange.refuse(refusal, share::release);
  }

  /** All of the body is there. */
  final void complete(ByteBuffer body) {
    try {
      submit(body);
    } catch (ServiceException e) {
      failed(e);
    } catch (RuntimeException | Error e) {
      share.release();
      exchange.fail(e);
    }
  }

  /** Hands the call to the service. */
  abstract void submit(ByteBuffer body) throws ServiceException;

  @Override
  public final void failed(ServiceException cause) {
    refused(Refusal.of(cause));
  }

  /** Counts the picture's values; the worker has better things to do than to make answers. */
  @Override
  public final void completed(R result) {
    share.grow(bytes(result));
    try {
      endpoint.answers().execute(() -> answerWith(result));
    } catch (RejectedExecutionException e) {
      refused(Refusal.of(503, "the server is shutting down"));
    }
  }

  private void answerWith(R result) {
    if (!exchange.isOpen()) {
      share.release();
      return;
    }
    try {
      exchange.answer(answer(result), share::release);
    } catch (RuntimeException | Error e) {
      share.release();
      exchange.fail(e);
    }
  }

  /** Bytes of a result and its answer. */
  abstract long bytes(R result);

  abstract Exchange.Answer answer(R result);
}
