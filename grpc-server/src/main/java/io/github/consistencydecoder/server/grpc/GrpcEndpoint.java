package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.proto.inference.GRPCInferenceServiceGrpc;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.access.ListeningRule;
import io.github.consistencydecoder.server.access.TlsMaterial;
import io.github.consistencydecoder.server.access.UnixSocket;
import io.github.consistencydecoder.server.grpc.GrpcContext.ReadTimeout;
import io.github.consistencydecoder.server.grpc.Requests.Methods;
import io.github.consistencydecoder.server.grpc.Requests.TokenGate;
import io.github.consistencydecoder.server.grpc.transport.EventLoops;
import io.github.consistencydecoder.server.grpc.transport.GatedNegotiator;
import io.github.consistencydecoder.server.grpc.transport.GatedNegotiator.ConnectionLimit;
import io.github.consistencydecoder.server.grpc.transport.StreamHandles;
import io.github.consistencydecoder.server.grpc.transport.StrictMethods;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ChannelzService;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * The gRPC endpoint of a decode service, on TCP, a Unix socket or both.
 *
 * <p>Owns its threads and what it listens on; borrows the service and the TLS material. Safe for
 * use by several threads. After {@link #close} nothing listens; closing again does nothing.
 */
public final class GrpcEndpoint implements AutoCloseable {
  /** Threads that read requests and make answers. */
  private static final int THREADS = 2 * Math.max(2, Runtime.getRuntime().availableProcessors());

  private static final int CALLS_PER_CONNECTION = 16;

  private static final int CHANNELZ_PAGE = 100;
  private static final int HEADER_BYTES = 8 << 10;
  private static final int RESETS = 400;
  private static final int RESETS_SECONDS = 60;

  private final HealthFollower health = new HealthFollower();
  private final ByteBudget bytes;
  private final StreamHandles handles = new StreamHandles();
  private final ConnectionLimit connections;
  private final EventLoops loops;
  private final ExecutorService executor;
  private final ScheduledThreadPoolExecutor timer;
  private final List<Server> servers = new ArrayList<>();
  private Optional<UnixSocket> socket = Optional.empty();
  private int port = -1;

  private GrpcEndpoint(GrpcEndpointBuilder builder) {
    this.bytes = builder.bytes.part();
    this.connections = new ConnectionLimit(builder.connections);
    this.loops = EventLoops.start();
    this.executor =
        Executors.newFixedThreadPool(THREADS, new DefaultThreadFactory("grpc-call", true));
    this.timer = new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("grpc-timer", true));
    timer.setRemoveOnCancelPolicy(true);
  }

  /** Collects what an endpoint is made of. */
  public static GrpcEndpointBuilder builder(DecodeService service) {
    return new GrpcEndpointBuilder(service);
  }

  static GrpcEndpoint open(GrpcEndpointBuilder builder) throws AccessException, IOException {
    if (builder.address.isPresent()) {
      ListeningRule.check(
          builder.address.get(),
          builder.tls.isPresent(),
          builder.token.isPresent(),
          builder.tls.map(TlsMaterial::wantsClientCertificates).orElse(false),
          builder.openAllowed);
    }
    GrpcEndpoint endpoint = new GrpcEndpoint(builder);
    try {
      endpoint.listen(builder);
      return endpoint;
    } catch (AccessException | IOException | RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  private void listen(GrpcEndpointBuilder builder) throws AccessException, IOException {
    builder.service.onReadiness(health::follow);
    if (builder.address.isPresent()) {
      Optional<SslContext> tls = builder.tls.isEmpty() ? Optional.empty() : tls(builder.tls.get());
      port = serve(builder, builder.address.get(), tls).getPort();
    }
    if (builder.socket.isPresent()) {
      if (!loops.unixSockets()) {
        throw new AccessException(
            "a Unix socket needs Linux or macOS, and on the class path Netty's"
                + " netty-transport-native-epoll or netty-transport-native-kqueue");
      }
      UnixSocket prepared = UnixSocket.prepare(builder.socket.get());
      Server unused =
          serve(
              builder, new DomainSocketAddress(prepared.bindingPath().toFile()), Optional.empty());
      socket = Optional.of(prepared);
      prepared.bound();
    }
  }

  private static Optional<SslContext> tls(TlsMaterial material) throws SSLException {
    SslContextBuilder context = SslContextBuilder.forServer(material.keyManager());
    if (material.trustManager().isPresent()) {
      context.trustManager(material.trustManager().get()).clientAuth(ClientAuth.REQUIRE);
    }
    return Optional.of(GrpcSslContexts.configure(context, SslProvider.JDK).build());
  }

  private Server serve(GrpcEndpointBuilder builder, SocketAddress address, Optional<SslContext> tls)
      throws IOException {
    DecodeService service = builder.service;
    ServiceLimits limits = service.limits();
    NettyServerBuilder server = NettyServerBuilder.forAddress(address);
    loops
        .apply(server, address instanceof DomainSocketAddress)
        .protocolNegotiator(
            new GatedNegotiator(tls, bytes, m -> Methods.limit(m, limits), handles, connections))
        .decompressorRegistry(StrictMethods.decompressors())
        .executor(executor)
        .maxInboundMessageSize((int) Math.min(limits.maxRequestBytes(), Integer.MAX_VALUE - 8))
        .maxInboundMetadataSize(HEADER_BYTES)
        .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
        .maxRstFramesPerWindow(RESETS, RESETS_SECONDS)
        .maxConnectionAge(30, TimeUnit.MINUTES)
        .maxConnectionAgeGrace(limits.maxTime().toSeconds() + 60, TimeUnit.SECONDS)
        .maxConnectionIdle(15, TimeUnit.MINUTES)
        .permitKeepAliveTime(5, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true)
        .keepAliveTime(2, TimeUnit.MINUTES)
        .keepAliveTimeout(20, TimeUnit.SECONDS);
    builder.token.ifPresent(
        token ->
            server.intercept(
                new TokenGate(token, m -> !builder.healthNeedsToken && Methods.health(m))));
    // The last one is asked first: refusals carry a request's id too.
    server.intercept(new Requests(handles));
    services(builder, server);
    Server started = server.build();
    started.start();
    servers.add(started);
    return started;
  }

  private void services(GrpcEndpointBuilder builder, NettyServerBuilder server) {
    ServiceLimits limits = builder.service.limits();
    ReadTimeout patience = new ReadTimeout(timer, builder.patience, builder.slowestReader);
    GrpcContext context = new GrpcContext(builder.service, bytes, executor, patience);
    StrictMethods strict = new StrictMethods(bytes, m -> Methods.limit(m, limits), context);
    List<BindableService> services = new ArrayList<>();
    services.add(new NativeService(context));
    services.add(new InferenceService(context, builder.version));
    services.add(health.service());
    boolean here =
        builder.address.map(InetSocketAddress::getAddress).isEmpty()
            || builder.address.get().getAddress().isLoopbackAddress();
    List<ServerServiceDefinition> definitions = new ArrayList<>();
    if (builder.reflection.orElse(here)) {
      definitions.add(strict.of(ProtoReflectionServiceV1.newInstance().bindService()));
      definitions.add(strict.of(oldReflection()));
    }
    if (builder.channelz.orElse(here)) {
      services.add(ChannelzService.newInstance(CHANNELZ_PAGE));
    }
    services.forEach(s -> definitions.add(strict.of(s.bindService())));
    definitions.forEach(server::addService);
  }

  /** Health says NOT_SERVING from here on; calls are still taken. */
  public void withdraw() {
    health.stop();
  }

  /** The TCP port; -1 without TCP. */
  public int port() {
    return port;
  }

  /** The Unix socket. */
  public Optional<Path> socket() {
    return socket.map(UnixSocket::path);
  }

  /** Bytes of requests and answers, for metrics. */
  public ByteBudget bytesInFlight() {
    return bytes;
  }

  /** Connections at the moment. */
  public int connections() {
    return connections.open();
  }

  /**
   * Takes no more calls: health says NOT_SERVING, then callers are told to go (GOAWAY), then what
   * is running has {@code grace} to end, and what is left is cut off.
   */
  public void shutdown(Duration grace) throws InterruptedException {
    health.stop();
    servers.forEach(Server::shutdown);
    long end = System.nanoTime() + grace.toNanos();
    for (Server server : servers) {
      if (!server.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        server.shutdownNow();
      }
    }
    socket.ifPresent(UnixSocket::remove);
  }

  @Override
  public void close() {
    health.stop();
    servers.forEach(Server::shutdownNow);
    boolean interrupted = false;
    for (Server server : servers) {
      try {
        boolean ended = server.awaitTermination(5, TimeUnit.SECONDS);
        assert ended || !server.isTerminated();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    socket.ifPresent(UnixSocket::remove);
    timer.shutdownNow();
    executor.shutdown();
    loops.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("deprecation") // gRPC marks it so in favour of v1, which is served as well
  private static ServerServiceDefinition oldReflection() {
    return ProtoReflectionService.newInstance().bindService();
  }

  /** The health service, which says what the core says. NOT_SERVING until it has said something. */
  static final class HealthFollower {
    private static final List<String> SERVICES =
        List.of(
            HealthStatusManager.SERVICE_NAME_ALL_SERVICES,
            DecoderServiceGrpc.SERVICE_NAME,
            GRPCInferenceServiceGrpc.SERVICE_NAME);

    private final HealthStatusManager health = new HealthStatusManager();
    private boolean stopped;

    HealthFollower() {
      set(ServingStatus.NOT_SERVING);
    }

    BindableService service() {
      return health.getHealthService();
    }

    synchronized void follow(Readiness readiness) {
      if (!stopped) {
        set(readiness == Readiness.SERVING ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
      }
    }

    /** NOT_SERVING from here on. */
    synchronized void stop() {
      stopped = true;
      set(ServingStatus.NOT_SERVING);
    }

    private void set(ServingStatus status) {
      SERVICES.forEach(name -> health.setStatus(name, status));
    }
  }
}
