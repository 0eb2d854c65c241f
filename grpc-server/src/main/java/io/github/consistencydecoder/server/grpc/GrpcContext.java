package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.server.grpc.Requests.Methods;
import io.github.consistencydecoder.server.grpc.transport.StrictMethods.CallCheck;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The parts that calls of one endpoint share.
 *
 * @param service borrowed
 * @param bytes of requests and answers
 * @param executor makes answers, for the service's workers have better to do
 * @param patience with callers who do not read their answer
 */
record GrpcContext(
    DecodeService service, ByteBudget bytes, Executor executor, GrpcContext.ReadTimeout patience)
    implements CallCheck {
  private static final DecodeSize SMALLEST = new DecodeSize(1, 1, 1, 1);
  private static final Duration SOON = Duration.ofSeconds(1);

  /** A service that would refuse even the smallest decode need not read larger ones. */
  @Override
  public void check(String method) throws ServiceException {
    if (!Methods.works(method)) {
      return;
    }
    Optional<ModelStatus> ready = service.models().stream().filter(ModelStatus::ready).findFirst();
    Readiness readiness = service.readiness();
    if (ready.isEmpty() || readiness == Readiness.DRAINING || readiness == Readiness.CLOSED) {
      throw ServiceException.retry(ServiceError.NOT_READY, reason(readiness), SOON);
    }
    service.checkAdmission(
        Requests.settings(ready.get().name(), Priority.HIGH, Optional.empty()), SMALLEST);
  }

  private static String reason(Readiness readiness) {
    return switch (readiness) {
      case STARTING -> "the service is starting";
      case SERVING, BROKEN -> "no model is ready";
      case LOST -> "the device is lost, the server has to be started again";
      case DRAINING, CLOSED -> "the service is stopping";
    };
  }

  /**
   * Room for what a call will hold besides its request.
   *
   * @throws ServiceException {@code BUSY} if there is none, {@code TOO_LARGE} if there never will
   *     be
   */
  ByteBudget.Share room(long needed) throws ServiceException {
    if (needed > bytes.bound()) {
      throw ServiceException.of(
          ServiceError.TOO_LARGE,
          ("the answer needs %s bytes, all answers together may have %s; ask for fewer"
                  + " pictures or another format")
              .formatted(needed, bytes.bound()));
    }
    ByteBudget.Share share = bytes.share();
    if (!share.take(needed)) {
      throw ServiceException.retry(
          ServiceError.BUSY, "too many bytes of answers are in flight", SOON);
    }
    return share;
  }

  /**
   * How long a caller may take to read an answer.
   *
   * @param patience besides the time that its bytes need
   * @param bytesPerSecond slower than this nobody reads on purpose
   */
  record ReadTimeout(ScheduledExecutorService timer, Duration patience, long bytesPerSecond) {
    /**
     * Does something when patience is at its end.
     *
     * @param bytes that are under way
     * @return to be cancelled when there is nothing left to wait for: it holds on to the task
     */
    Future<?> run(Runnable task, long bytes) {
      try {
        return timer.schedule(
            task, patience.toMillis() + 1000 * bytes / bytesPerSecond, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        // The endpoint is closing and cuts everybody off.
        return CompletableFuture.completedFuture(null);
      }
    }
  }
}
