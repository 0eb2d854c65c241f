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
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * What the service measures. Tags are few: model, kind of call, outcome or reason, and a bucket of
 * sizes.
 */
final class ServiceMeters {

  private final MeterRegistry registry;

  ServiceMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Meters of what is the case at any moment. */
  void watch(JobQueue workload, List<ModelSupervisor> keepers, ServiceLimits limits) {
    gauge("decoder.queue.calls", "calls that wait", workload, w -> w.use().waiting());
    gauge(
        "decoder.queue.predicted.seconds",
        "predicted work that waits",
        workload,
        w -> w.use().waitingNanos() / 1e9);
    gauge("decoder.queue.held.bytes", "heap that waits", workload, w -> w.use().heldBytes());
    gauge("decoder.lanes.busy", "lanes in use", workload, w -> w.use().lanes());
    gauge("decoder.lanes", "lanes there are", limits, ServiceLimits::lanes);
    gauge("decoder.memory.reserved.bytes", "by running calls", workload, w -> w.use().bytes());
    gauge(
        "decoder.memory.reserved.peak.bytes",
        "most ever reserved",
        workload,
        w -> w.use().peakBytes());
    gauge("decoder.memory.limit.bytes", "for all", limits, ServiceLimits::memoryBytes);
    gauge("decoder.calls.live", "accepted and not ended", workload, w -> w.use().live());
    SystemMemory memory = SystemMemory.here();
    if (memory.resident().isPresent()) {
      gauge(
          "decoder.process.rss.bytes",
          "memory of the process",
          memory,
          m -> m.resident().orElse(0));
    }
    for (ModelSupervisor keeper : keepers) {
      Gauge.builder(
              "decoder.model.ready", keeper, k -> k.phase() == ModelSupervisor.Phase.READY ? 1 : 0)
          .tag("model", keeper.name())
          .description("whether the model can be used")
          .register(registry);
    }
    ledger("accepted", workload, w -> w.ledger().accepted());
    ledger("completed", workload, w -> w.ledger().completed());
    ledger("cancelled", workload, w -> w.ledger().cancelled());
    ledger("expired", workload, w -> w.ledger().expired());
    ledger("failed", workload, w -> w.ledger().failed());
    ledger("rejected", workload, w -> w.ledger().rejected());
  }

  private <T> void gauge(String name, String description, T of, ToDoubleFunction<T> value) {
    Gauge.builder(name, of, value).description(description).register(registry);
  }

  private void ledger(String column, JobQueue workload, ToDoubleFunction<JobQueue> value) {
    FunctionCounter.builder("decoder.ledger." + column, workload, value)
        .description("calls, all kinds and models")
        .register(registry);
  }

  /** A call was refused. */
  void rejected(CallKind kind, ServiceError why) {
    counter("decoder.rejected", "calls refused", "kind", kind.id(), "reason", id(why)).increment();
  }

  /** A test picture was wrong, or could not be made. */
  void goldenFailed(String model) {
    counter("decoder.golden.failures", "test pictures that were wrong", "model", model).increment();
  }

  /** A call has ended. */
  void ended(Job<?> call, long totalNanos) {
    String model = call.terms.keeper().name();
    Tags tags = Tags.of("model", model, "kind", call.kind.id());
    Tags sized = tags.and("size", bucket(call.terms.size()));
    timer("decoder.call", "from acceptance to the end", sized.and("outcome", call.outcome.id()))
        .record(totalNanos, TimeUnit.NANOSECONDS);
    if (call.startedNanos != 0) {
      timer("decoder.call.queue", "from acceptance to a lane", tags)
          .record(call.queueNanos(), TimeUnit.NANOSECONDS);
    }
    if (call.outcome != Outcome.COMPLETED) {
      return;
    }
    timer("decoder.call.run", "on a lane", sized).record(call.runNanos, TimeUnit.NANOSECONDS);
    DistributionSummary.builder("decoder.call.prediction.ratio")
        .description("predicted by measured time on a lane")
        .tags(sized)
        .register(registry)
        .record((double) call.predictedNanos() / (double) Math.max(1, call.runNanos));
    DistributionSummary.builder("decoder.call.predicted.bytes")
        .description("memory reserved")
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
      timer("decoder.step", "of the network", tags.and("step", k < 2 ? "" + (k + 1) : "later"))
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
        .publishPercentileHistogram()
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
