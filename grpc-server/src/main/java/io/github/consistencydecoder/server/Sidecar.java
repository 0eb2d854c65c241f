package io.github.consistencydecoder.server;

import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.access.ListeningRule;
import io.github.consistencydecoder.server.access.TlsMaterial;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.grpc.GrpcEndpoint;
import io.github.consistencydecoder.server.grpc.GrpcEndpointBuilder;
import io.github.consistencydecoder.server.http.HttpEndpoint;
import io.github.consistencydecoder.server.http.HttpEndpoint.MetricsPage;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.queue.QueuedDecodeServiceBuilder;
import io.github.consistencydecoder.server.request.ByteBudget;
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
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The sidecar: a decode service behind its endpoints.
 *
 * <p>Owns the service, the models, the endpoints and what they listen on. Safe for use by several
 * threads. After {@link #close} nothing is left; closing again does nothing.
 */
public final class Sidecar implements AutoCloseable {
  /** For answers on their way when the calls themselves have ended. */
  private static final Duration LAST_ANSWERS = Duration.ofMillis(500);

  private final Duration drainDelay;
  private final Duration grace;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final QueuedDecodeService service;
  private final ByteBudget bytes;
  private final Optional<GrpcEndpoint> grpc;
  private final Optional<HttpEndpoint> http;

  private Sidecar(SidecarConfig config) throws AccessException, IOException {
    config.check();
    this.drainDelay = config.drainDelay;
    this.grace = config.grace;
    try {
      checkAddresses(config);
      Optional<TokenFile> token = Optional.empty();
      if (config.token.isPresent()) {
        token = Optional.of(TokenFile.open(config.token.get()));
      }
      Optional<TlsMaterial> tls = Optional.empty();
      if (config.tls.isPresent()) {
        tls = Optional.of(own(TlsMaterial.open(config.tls.get(), TlsMaterial.USUAL_PERIOD)));
      }
      SidecarMetrics metrics = own(new SidecarMetrics());
      this.service = own(service(config, metrics));
      this.bytes = ByteBudget.usual(config.limits);
      this.grpc = openGrpc(config, token, tls);
      this.http = openHttp(config, token, tls, metrics);
      metrics.watch(grpc, http);
    } catch (AccessException | IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens the endpoints and begins to open the models; returns when the endpoints listen, and then
   * says on all of them when the models are ready.
   *
   * @param config not changed by others meanwhile
   * @throws IllegalArgumentException if there is no model or nowhere to listen
   * @throws AccessException if it must not or cannot be opened as configured
   * @throws IOException if an address or socket cannot be listened on
   */
  public static Sidecar start(SidecarConfig config) throws AccessException, IOException {
    return new Sidecar(config);
  }

  private static void checkAddresses(SidecarConfig config) throws AccessException {
    for (Optional<InetSocketAddress> address : java.util.List.of(config.grpc, config.http)) {
      if (address.isPresent()) {
        ListeningRule.check(
            address.get(),
            config.tls.isPresent(),
            config.token.isPresent(),
            config.tls.flatMap(files -> files.clientAuthorities()).isPresent(),
            config.openAllowed);
      }
    }
  }

  private static QueuedDecodeService service(SidecarConfig config, SidecarMetrics metrics) {
    QueuedDecodeServiceBuilder builder =
        QueuedDecodeService.builder()
            .limits(config.limits)
            .meters(metrics.registry())
            .warmUp(config.warmUp);
    config.models.forEach(builder::model);
    config.stateFolder.ifPresent(builder::stateFolder);
    return builder.start();
  }

  private Optional<GrpcEndpoint> openGrpc(
      SidecarConfig config, Optional<TokenFile> token, Optional<TlsMaterial> tls)
      throws AccessException, IOException {
    if (config.grpc.isEmpty() && config.grpcSocket.isEmpty()) {
      return Optional.empty();
    }
    GrpcEndpointBuilder builder =
        GrpcEndpoint.builder(service)
            .openAllowed(config.openAllowed)
            .connections(config.connections)
            .bytes(bytes)
            .version(config.version);
    config.grpc.ifPresent(builder::address);
    config.grpcSocket.ifPresent(builder::socket);
    token.ifPresent(builder::token);
    tls.ifPresent(builder::tls);
    config.introspection.ifPresent(allowed -> builder.reflection(allowed).channelz(allowed));
    return Optional.of(own(builder.start()));
  }

  private Optional<HttpEndpoint> openHttp(
      SidecarConfig config,
      Optional<TokenFile> token,
      Optional<TlsMaterial> tls,
      SidecarMetrics metrics)
      throws AccessException, IOException {
    if (config.http.isEmpty() && config.httpSocket.isEmpty()) {
      return Optional.empty();
    }
    HttpEndpoint.Builder builder =
        HttpEndpoint.builder(service)
            .connections(config.connections)
            .bytes(bytes)
            .metrics(metrics::page)
            .metricsOpen(config.metricsOpen)
            .allowedHosts(config.allowedHosts);
    config.http.ifPresent(builder::address);
    config.httpSocket.ifPresent(builder::socket);
    token.ifPresent(builder::token);
    tls.ifPresent(builder::tls);
    HttpEndpoint endpoint = own(builder.build());
    endpoint.start();
    return Optional.of(endpoint);
  }

  private <T extends AutoCloseable> T own(T part) {
    owned.push(part);
    return part;
  }

  /** The service behind the endpoints. */
  public DecodeService service() {
    return service;
  }

  /** The port that gRPC listens on, if it does on one. */
  public OptionalInt grpcPort() {
    return grpc.filter(endpoint -> endpoint.port() > 0)
        .map(endpoint -> OptionalInt.of(endpoint.port()))
        .orElse(OptionalInt.empty());
  }

  /** The port that HTTP listens on, if it does on one. */
  public OptionalInt httpPort() {
    return http.map(HttpEndpoint::port).orElse(OptionalInt.empty());
  }

  /**
   * Says NOT_SERVING on all endpoints, goes on to take calls for the configured delay so that
   * balancers notice, takes no more, finishes those that it has, and stops with {@code NOT_READY}
   * what the grace was too short for. Does not close.
   */
  public void drain() throws InterruptedException {
    grpc.ifPresent(GrpcEndpoint::withdraw);
    http.ifPresent(HttpEndpoint::withdraw);
    Thread.sleep(drainDelay.toMillis());
    http.ifPresent(HttpEndpoint::stopAccepting);
    Thread goingAway = new Thread(this::endGrpc, "grpc-end");
    goingAway.setDaemon(true);
    goingAway.start();
    service.drain(grace);
    if (http.isPresent()) {
      http.get().awaitIdle(LAST_ANSWERS);
    }
    goingAway.join(LAST_ANSWERS.toMillis());
  }

  /** Callers are told to go; those that have a call wait for its answer. */
  private void endGrpc() {
    try {
      if (grpc.isPresent()) {
        grpc.get().shutdown(grace.plus(LAST_ANSWERS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    RuntimeException first = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        if (first == null) {
          first = new IllegalStateException("a part of the sidecar cannot be closed", e);
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** All metrics of one sidecar, as Prometheus reads them. Owns its registry. */
  static final class SidecarMetrics implements AutoCloseable {
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
     * The page of all metrics, in the form that the caller's {@code Accept} asks for: OpenMetrics,
     * or else the text form of Prometheus. Of our timers the page has no maximum of the last
     * minutes: the buckets tell more.
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
}
