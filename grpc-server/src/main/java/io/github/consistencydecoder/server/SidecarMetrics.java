package io.github.consistencydecoder.server;

import io.github.consistencydecoder.server.grpc.GrpcEndpoint;
import io.github.consistencydecoder.server.http.HttpEndpoint;
import io.github.consistencydecoder.server.http.HttpEndpoint.MetricsPage;
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
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/** All metrics of one sidecar, as Prometheus reads them. Owns its registry. */
final class SidecarMetrics implements AutoCloseable {
  private static final ExpositionFormats FORMATS = ExpositionFormats.init();

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
                "bytes of gRPC requests and answers that are held",
                () -> endpoint.bytesInFlight().held()));
    http.ifPresent(
        endpoint ->
            gauge(
                "decoder.http.bytes.in.flight",
                "bytes of HTTP requests and answers that are held",
                endpoint::bytesInFlight));
    gauge(
        "inf.queue.size",
        "calls that wait, under the name of hosted services",
        () -> value("decoder.queue.calls"));
    gauge(
        "inf.batch.current.size",
        "calls that run, under the name of hosted services",
        () -> value("decoder.workers.busy"));
  }

  private void gauge(String name, String description, java.util.function.Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  private double value(String of) {
    Gauge gauge = registry.find(of).gauge();
    return gauge == null ? 0 : gauge.value();
  }

  /**
   * The page of all metrics, in the form that the caller's {@code Accept} asks for: OpenMetrics, or
   * else the text form of Prometheus. Of our timers the page has no maximum of the last minutes:
   * the buckets tell more.
   */
  MetricsPage page(String accept) {
    MetricSnapshots snapshots =
        registry
            .getPrometheusRegistry()
            .scrape(name -> !(name.startsWith("decoder_") && name.endsWith("_max")));
    ExpositionFormatWriter writer = FORMATS.findWriter(accept);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      writer.write(out, snapshots);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new MetricsPage(writer.getContentType(), out.toByteArray());
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
