package io.github.consistencydecoder.server.queue;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.models.ModelSupervisor;
import io.github.consistencydecoder.server.queue.Job.StopReason;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** Whether a call can be served here at all, and what it will cost; load aside. */
final class Admission {
  private static final int MOST_STEPS = 64;
  private static final Duration LATER = Duration.ofSeconds(2);

  private final ServiceLimits limits;
  private final List<ModelSupervisor> keepers;

  Admission(ServiceLimits limits, List<ModelSupervisor> keepers) {
    this.limits = limits;
    this.keepers = keepers;
  }

  /**
   * The model of that name; for an empty name the first that can do it.
   *
   * @throws ServiceException {@code NOT_FOUND} or {@code UNIMPLEMENTED}
   */
  ModelSupervisor keeper(String name, CallKind kind) throws ServiceException {
    requireNonNull(name, "name");
    for (ModelSupervisor keeper : keepers) {
      boolean can = kind == CallKind.DECODE || keeper.encodes();
      if (name.isEmpty() && can) {
        return keeper;
      }
      if (keeper.name().equals(name)) {
        if (can) {
          return keeper;
        }
        throw ServiceException.of(
            ServiceError.UNIMPLEMENTED, "model '" + keeper.name() + "' has no encoder");
      }
    }
    if (name.isEmpty()) {
      throw ServiceException.of(ServiceError.UNIMPLEMENTED, "no model here has an encoder");
    }
    throw ServiceException.of(
        ServiceError.NOT_FOUND,
        "there is no model of that name; there are "
            + String.join(", ", keepers.stream().map(ModelSupervisor::name).toList()));
  }

  /** Of the model that {@link #keeper} would give; empty if there is none. */
  Optional<String> name(String name, CallKind kind) {
    try {
      return Optional.of(keeper(name, kind).name());
    } catch (ServiceException e) {
      return Optional.empty();
    }
  }

  /**
   * The open model.
   *
   * @throws ServiceException {@code NOT_READY}
   */
  LoadedModel open(ModelSupervisor keeper) throws ServiceException {
    return keeper.ready().orElseThrow(() -> notReady(keeper));
  }

  private static ServiceException notReady(ModelSupervisor keeper) {
    return ServiceException.retry(
        ServiceError.NOT_READY,
        "model '" + keeper.name() + "' is not ready: " + keeper.status().reason(),
        LATER);
  }

  /**
   * What it will cost.
   *
   * @throws ServiceException {@code INVALID} or {@code TOO_LARGE}
   */
  Prediction predict(CallKind kind, LoadedModel model, DecodeSize size) throws ServiceException {
    checkSize(kind, size);
    Prediction prediction;
    try {
      prediction = model.predict(kind, size);
    } catch (IllegalStateException e) {
      // Closed since it was found open.
      throw StopReason.MODEL.exception();
    }
    if (prediction.peakBytes() > limits.memoryBytes()) {
      throw tooLarge(prediction.peakBytes(), "bytes of memory", limits.memoryBytes());
    }
    long most = limits.maxTime().toNanos();
    if (model.speed(kind).least(prediction.operations()) > most) {
      throw tooLarge(seconds(prediction.nanos()), "seconds", seconds(most));
    }
    return prediction;
  }

  private static long seconds(long nanos) {
    return TimeUnit.NANOSECONDS.toSeconds(nanos);
  }

  private void checkSize(CallKind kind, DecodeSize size) throws ServiceException {
    if (size.batch() < 1 || size.height() < 1 || size.width() < 1) {
      throw ServiceException.invalid(
          kind == CallKind.DECODE ? "latents.tensor.shape" : "pictures",
          "the batch has "
              + size.batch()
              + " latents of "
              + size.height()
              + "x"
              + size.width()
              + " cells: each number must be at least 1");
    }
    if (size.steps() < 1 || size.steps() > MOST_STEPS) {
      throw ServiceException.invalid(
          "timesteps",
          "there are " + size.steps() + " steps: 1 to " + MOST_STEPS + " are possible");
    }
    // In floating point: the product of a hostile shape would overflow.
    double pixels = 64.0 * size.batch() * size.height() * size.width();
    if (pixels > limits.maxPixels()) {
      throw tooLarge((long) pixels, "pixels", limits.maxPixels());
    }
    if (size.batch() > limits.maxBatch()) {
      throw tooLarge(size.batch(), "pictures", limits.maxBatch());
    }
  }

  private static ServiceException tooLarge(long need, String unit, long limit) {
    return ServiceException.of(
        ServiceError.TOO_LARGE, "the call needs " + need + " " + unit + ", the limit is " + limit);
  }

  /** When a call must be done: by its own deadline or the service's limit, whichever is first. */
  long end(CallSettings settings, long now) {
    long most = limits.maxTime().toNanos();
    OptionalLong deadline = settings.deadlineNanos();
    // By differences: the clock may have any origin.
    return deadline.isPresent() && deadline.getAsLong() - now < most
        ? deadline.getAsLong()
        : now + most;
  }

  /** What the work asks of the queue. */
  QueuePolicy.Ask ask(
      CallSettings settings, CallKind kind, LoadedModel model, Prediction prediction, long left) {
    return new QueuePolicy.Ask(
        prediction,
        model.speed(kind).least(prediction.operations()),
        left,
        settings.deadlineNanos().isPresent());
  }
}
