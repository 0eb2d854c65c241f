package io.github.consistencydecoder.server;

import io.github.consistencydecoder.server.grpc.GrpcEndpoint;
import io.github.consistencydecoder.server.http.HttpEndpoint;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Optional;

/** All metrics of one sidecar, in the text form of Prometheus. Owns its registry. */
final class SidecarMetrics implements AutoCloseable {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();

  SidecarMetrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    collections.bindTo(registry);
  }

  MeterRegistry registry() {
    return registry;
  }

  /** The endpoints, and the two gauges that hosted services of this protocol report. */
  void watch(Optional<GrpcEndpoint> grpc, Optional<HttpEndpoint> http) {
    grpc.ifPresent(
        endpoint ->
            gauge(
                "decoder.grpc.bytes.in.flight",
                "held by requests and answers",
                () -> endpoint.bytesInFlight().held()));
    http.ifPresent(
        endpoint ->
            gauge(
                "decoder.http.bytes.in.flight",
                "held by requests and answers",
                endpoint::bytesInFlight));
    gauge("inf.queue.size", "calls that wait", () -> value("decoder.queue.calls"));
    gauge("inf.batch.current.size", "calls that run", () -> value("decoder.lanes.busy"));
  }

  private void gauge(String name, String description, java.util.function.Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  private double value(String of) {
    Gauge gauge = registry.find(of).gauge();
    return gauge == null ? 0 : gauge.value();
  }

  String text() {
    return registry.scrape();
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
