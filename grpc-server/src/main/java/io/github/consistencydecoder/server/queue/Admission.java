package io.github.consistencydecoder.server.queue;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.server.models.Failures;
import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.models.ModelSupervisor;
import io.github.consistencydecoder.server.queue.Job.StopReason;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import io.github.consistencydecoder.server.request.ModeRules;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Judges whether a call can be served here at all, what it will cost, and whether there is room for
 * it.
 */
final class Admission {
  private static final long LEAST_RETRY_NANOS = Duration.ofMillis(50).toNanos();
  private static final Duration LATER = Duration.ofSeconds(2);

  private final ServiceLimits limits;
  private final List<ModelSupervisor> supervisors;

  Admission(ServiceLimits limits, List<ModelSupervisor> supervisors) {
    this.limits = limits;
    this.supervisors = supervisors;
  }

  /**
   * The model of that name; for an empty name the first that can do it.
   *
   * @throws ServiceException {@code NOT_FOUND} or {@code UNIMPLEMENTED}
   */
  ModelSupervisor supervisor(String name, CallKind kind) throws ServiceException {
    requireNonNull(name, "name");
    for (ModelSupervisor supervisor : supervisors) {
      boolean can = kind == CallKind.DECODE || supervisor.encodes();
      if (name.isEmpty() && can) {
        return supervisor;
      }
      if (supervisor.name().equals(name)) {
        if (can) {
          return supervisor;
        }
        throw ServiceException.of(
            ServiceError.UNIMPLEMENTED, "model '" + supervisor.name() + "' has no encoder");
      }
    }
    if (name.isEmpty()) {
      throw ServiceException.of(ServiceError.UNIMPLEMENTED, "no model here has an encoder");
    }
    throw ServiceException.of(
        ServiceError.NOT_FOUND,
        "there is no model of that name; there are "
            + String.join(", ", supervisors.stream().map(ModelSupervisor::name).toList()));
  }

  /** Of the model that {@link #supervisor} would give; empty if there is none. */
  Optional<String> name(String name, CallKind kind) {
    try {
      return Optional.of(supervisor(name, kind).name());
    } catch (ServiceException e) {
      return Optional.empty();
    }
  }

  /**
   * The open model.
   *
   * @throws ServiceException {@code NOT_READY}
   */
  LoadedModel open(ModelSupervisor supervisor) throws ServiceException {
    return supervisor.ready().orElseThrow(() -> notReady(supervisor));
  }

  private static ServiceException notReady(ModelSupervisor supervisor) {
    return ServiceException.retry(
        ServiceError.NOT_READY,
        "model '" + supervisor.name() + "' is not ready: " + supervisor.status().reason(),
        LATER);
  }

  /**
   * What it will cost.
   *
   * @throws ServiceException {@code INVALID} or {@code TOO_LARGE}
   */
  Prediction predict(LoadedModel model, DecodeSize size) throws ServiceException {
    return judged(model, size, () -> model.predict(size));
  }

  /** As {@link #predict(LoadedModel, DecodeSize)}, of a decode whose options matter as well. */
  Prediction predict(LoadedModel model, DecodeSize size, DecodeOptions options)
      throws ServiceException {
    return ModeRules.special(options)
        ? judged(model, size, () -> model.predict(size, options))
        : predict(model, size);
  }

  private Prediction judged(LoadedModel model, DecodeSize size, Supplier<Prediction> asked)
      throws ServiceException {
    limits.check(size);
    Prediction prediction;
    try {
      prediction = asked.get();
    } catch (DecoderException e) {
      throw Failures.outside(e);
    } catch (IllegalStateException e) {
      // Closed since it was found open.
      throw StopReason.MODEL.exception();
    }
    if (prediction.peakBytes() > limits.memoryBytes()) {
      throw ServiceLimits.tooLarge(prediction.peakBytes(), "bytes of memory", limits.memoryBytes());
    }
    long most = limits.maxTime().toNanos();
    if (model.speed(size.kind()).least(prediction.operations()) > most) {
      throw ServiceLimits.tooLarge(seconds(prediction.nanos()), "seconds", seconds(most));
    }
    return prediction;
  }

  private static long seconds(long nanos) {
    return TimeUnit.NANOSECONDS.toSeconds(nanos);
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
  Ask ask(
      CallSettings settings, CallKind kind, LoadedModel model, Prediction prediction, long left) {
    return new Ask(
        prediction,
        model.speed(kind).least(prediction.operations()),
        left,
        settings.deadlineNanos().isPresent());
  }

  /**
   * Work that asks to be taken.
   *
   * @param leastNanos that it takes if all goes well
   * @param leftNanos until it must be done
   * @param byCaller whether that is the caller's own deadline rather than the service's limit
   */
  record Ask(Prediction prediction, long leastNanos, long leftNanos, boolean byCaller) {}

  /**
   * What there is to do.
   *
   * @param idle whether nothing waits and a worker is free
   * @param nothingWaits whether the queue is empty
   * @param allNanos predicted work that runs and waits, over all workers
   * @param aheadNanos the part of it that goes first
   * @param heapFull whether what waits would hold too much heap with it
   */
  record Load(
      boolean idle, boolean nothingWaits, long allNanos, long aheadNanos, boolean heapFull) {}

  /**
   * Whether work can be taken, given what there is to do already.
   *
   * @return predicted nanoseconds that it will wait
   * @throws ServiceException {@code BUSY}, or {@code DEADLINE} if it cannot be met
   */
  static long check(ServiceLimits limits, Ask ask, Load load) throws ServiceException {
    long own = ask.prediction().nanos();
    long bound = limits.maxQueued().toNanos();
    long all = load.allNanos() / limits.workers();
    // One call may always wait if any may, or work larger than the bound could never be done.
    boolean room = load.idle() || (bound > 0 && load.nothingWaits()) || all + own <= bound;
    if (!room) {
      throw busy(all + own - bound);
    }
    if (load.heapFull() && !load.idle()) {
      throw busy(all);
    }
    long wait = load.idle() ? 0 : load.aheadNanos() / limits.workers();
    // An idle service tries what might just be done: its prediction may be out of date, and would
    // stay so if nothing ran.
    long needed = load.idle() ? ask.leastNanos() : wait + own;
    if (needed > ask.leftNanos()) {
      if (!ask.byCaller() && ask.leftNanos() > 0) {
        throw busy(needed - ask.leftNanos());
      }
      throw ServiceException.of(
          ServiceError.DEADLINE,
          "the deadline is in %s ms, the work would be done in about %s ms"
              .formatted(millis(ask.leftNanos()), millis(wait + own)));
    }
    return wait;
  }

  private static ServiceException busy(long nanos) {
    // Jitter, so that those who are refused together do not come back together.
    double jitter = ThreadLocalRandom.current().nextDouble(0.8, 1.3);
    return ServiceException.retry(
        ServiceError.BUSY,
        "there is too much to do now; try again later",
        Duration.ofNanos((long) (jitter * Math.max(nanos, LEAST_RETRY_NANOS))));
  }

  private static long millis(long nanos) {
    return Math.max(0, nanos / 1_000_000);
  }
}
