package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.server.models.ModelSupervisor;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.Job.Outcome;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Metrics of the service. Tags are few: model, kind of call, outcome or reason, and a bucket of
 * sizes.
 */
final class ServiceMeters {

  /** Upper ends; with the one for all, eleven lines a series. */
  private static final Duration[] BUCKETS =
      Stream.of(100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000)
          .map(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final MeterRegistry registry;

  ServiceMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Meters of what is the case at any moment. */
  void watch(JobQueue queue, List<ModelSupervisor> supervisors, ServiceLimits limits) {
    gauge("decoder.queue.calls", "calls that wait", queue, w -> w.use().waiting());
    gauge(
        "decoder.queue.predicted.seconds",
        "work that waits, as it is predicted",
        queue,
        w -> w.use().waitingNanos() / 1e9);
    gauge(
        "decoder.queue.held.bytes",
        "heap held by calls that wait",
        queue,
        w -> w.use().heldBytes());
    gauge("decoder.workers.busy", "workers that decode", queue, w -> w.use().workers());
    gauge("decoder.workers", "workers there are", limits, ServiceLimits::workers);
    gauge(
        "decoder.memory.reserved.bytes",
        "memory reserved by running calls",
        queue,
        w -> w.use().bytes());
    gauge(
        "decoder.memory.reserved.peak.bytes",
        "most memory that running calls ever reserved",
        queue,
        w -> w.use().peakBytes());
    gauge(
        "decoder.memory.limit.bytes",
        "memory that running calls may reserve",
        limits,
        ServiceLimits::memoryBytes);
    gauge("decoder.calls.live", "calls accepted and not ended", queue, w -> w.use().live());
    SystemMemory memory = SystemMemory.here();
    if (memory.resident().isPresent()) {
      gauge(
          "decoder.process.rss.bytes",
          "resident memory of the process",
          memory,
          m -> m.resident().orElse(0));
    }
    for (ModelSupervisor supervisor : supervisors) {
      Gauge.builder(
              "decoder.model.ready",
              supervisor,
              k -> k.phase() == ModelSupervisor.Phase.READY ? 1 : 0)
          .tag("model", supervisor.name())
          .description("whether the model can be used")
          .register(registry);
    }
    ended("completed", queue, w -> w.ledger().completed());
    ended("cancelled", queue, w -> w.ledger().cancelled());
    ended("expired", queue, w -> w.ledger().expired());
    ended("failed", queue, w -> w.ledger().failed());
    ended("rejected", queue, w -> w.ledger().rejected());
  }

  private <T> void gauge(String name, String description, T of, ToDoubleFunction<T> value) {
    Gauge.builder(name, of, value).description(description).register(registry);
  }

  private void ended(String outcome, JobQueue queue, ToDoubleFunction<JobQueue> value) {
    FunctionCounter.builder("decoder.calls", queue, value)
        .description("calls that ended, and calls that were rejected")
        .tag("outcome", outcome)
        .register(registry);
  }

  /** A call was refused. */
  void rejected(CallKind kind, ServiceError why) {
    counter("decoder.rejected", "calls rejected, by reason", "kind", kind.id(), "reason", id(why))
        .increment();
  }

  /** A test picture was wrong, or could not be made. */
  void goldenFailed(String model) {
    counter("decoder.selfcheck.failures", "self-check pictures that were wrong", "model", model)
        .increment();
  }

  /** A call has ended. */
  void ended(Job<?> call, long totalNanos) {
    String model = call.terms.supervisor().name();
    Tags tags = Tags.of("model", model, "kind", call.kind().id());
    Tags sized = tags.and("size", bucket(call.terms.size()));
    if (call.startedNanos != 0) {
      timer("decoder.call.queue", "time from acceptance to a worker", tags)
          .record(call.queueNanos(), TimeUnit.NANOSECONDS);
    }
    if (call.outcome != Outcome.COMPLETED) {
      return;
    }
    timer("decoder.call", "time from acceptance to the end, of completed calls", sized)
        .record(totalNanos, TimeUnit.NANOSECONDS);
    timer("decoder.call.run", "time on a worker, of completed calls", sized)
        .record(call.runNanos, TimeUnit.NANOSECONDS);
    DistributionSummary.builder("decoder.call.prediction.ratio")
        .description("predicted time on a worker, divided by the measured time")
        .tags(sized)
        .register(registry)
        .record((double) call.predictedNanos() / (double) Math.max(1, call.runNanos));
    DistributionSummary.builder("decoder.call.predicted.bytes")
        .description("memory that a completed call reserved")
        .tags(sized)
        .register(registry)
        .record((double) call.terms.prediction().peakBytes());
    if (call.result instanceof DecodeResult result) {
      steps(result, tags);
    }
  }

  private void steps(DecodeResult result, Tags tags) {
    List<Long> nanos = result.decoded().stepNanos();
    for (int k = 0; k < nanos.size(); k++) {
      timer(
              "decoder.step",
              "time of one evaluation of the network",
              tags.and("step", k < 2 ? "" + (k + 1) : "later"))
          .record(nanos.get(k), TimeUnit.NANOSECONDS);
    }
    if (!result.decoded().warnings().isEmpty()) {
      Counter.builder("decoder.warnings")
          .description("decodes with a warning")
          .tags(tags)
          .register(registry)
          .increment();
    }
  }

  private Timer timer(String name, String description, Tags tags) {
    return Timer.builder(name)
        .description(description)
        .tags(tags)
        .serviceLevelObjectives(BUCKETS)
        .register(registry);
  }

  private Counter counter(String name, String description, String... tags) {
    return Counter.builder(name).description(description).tags(tags).register(registry);
  }

  private static String id(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Pixels of a call, in words that stay few. */
  private static String bucket(DecodeSize size) {
    for (int side : new int[] {64, 256, 512, 1024}) {
      if (size.pixels() <= (long) side * side) {
        return side + "x" + side;
      }
    }
    return "larger";
  }
}
