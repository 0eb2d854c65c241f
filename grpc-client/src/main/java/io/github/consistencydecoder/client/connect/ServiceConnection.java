package io.github.consistencydecoder.client.connect;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.grpc.ChannelCredentials;
import io.grpc.CompositeChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A channel to a service.
 *
 * <p>Owns the channel and, for Unix sockets, its threads. Safe for use by several threads. After
 * {@link #close} no call can be made; closing again does nothing.
 */
public final class ServiceConnection implements AutoCloseable {
  /** A service lets callers ask every 30 s whether it is there; a little less often is safe. */
  private static final Duration USUAL_KEEP_ALIVE = Duration.ofSeconds(40);

  private static final Duration USUAL_KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(20);
  private static final int HEADER_BYTES = 16 << 10;
  private static final long LAST_CALLS_SECONDS = 5;

  private final ManagedChannel channel;
  private final Optional<SocketLoops> loops;

  private ServiceConnection(ManagedChannel channel, Optional<SocketLoops> loops) {
    this.channel = channel;
    this.loops = loops;
  }

  /**
   * Makes a channel; it connects with its first call.
   *
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} if a file of the settings
   *     cannot be used, {@link DecoderErrorCode#DEVICE_UNAVAILABLE} if there are no Unix sockets
   */
  public static ServiceConnection open(RemoteSettings settings) {
    return open(settings, USUAL_KEEP_ALIVE, USUAL_KEEP_ALIVE_TIMEOUT);
  }

  /**
   * As {@link #open(RemoteSettings)}.
   *
   * @param keepAlive after this time without a sign of the server it is asked for one while a call
   *     waits; gRPC makes it at least 10 s
   * @param keepAliveTimeout after this time without an answer the connection counts as lost
   */
  public static ServiceConnection open(
      RemoteSettings settings, Duration keepAlive, Duration keepAliveTimeout) {
    Target target = settings.target;
    ChannelCredentials credentials = credentials(settings);
    Optional<SocketLoops> loops =
        target.unixSockets() ? Optional.of(SocketLoops.start()) : Optional.empty();
    try {
      NettyChannelBuilder builder =
          NettyChannelBuilder.forTarget(uri(target), credentials)
              .maxInboundMetadataSize(HEADER_BYTES)
              .keepAliveTime(keepAlive.toMillis(), TimeUnit.MILLISECONDS)
              .keepAliveTimeout(keepAliveTimeout.toMillis(), TimeUnit.MILLISECONDS);
      if (target.balanced()) {
        builder.defaultServiceConfig(balancing());
      }
      loops.ifPresent(own -> own.apply(builder));
      return new ServiceConnection(builder.build(), loops);
    } catch (IllegalArgumentException e) {
      loops.ifPresent(SocketLoops::close);
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "target '" + target.name() + "' or its TLS files cannot be used: " + e.getMessage(),
          e);
    }
  }

  private static String uri(Target target) {
    if (target.backends().isEmpty()) {
      return target.name();
    }
    boolean oneName = target.backends().size() == 1 && target.backends().get(0).isName();
    // A name may stand for several servers: gRPC's own resolver tells them apart.
    return oneName ? "dns:///" + target.list() : BackendsResolverProvider.uri(target);
  }

  /** Calls go to those that say they serve, in turn. */
  private static Map<String, Object> balancing() {
    return Map.of(
        "loadBalancingConfig",
        List.of(Map.of("round_robin", Map.of())),
        "healthCheckConfig",
        Map.of("serviceName", DecoderServiceGrpc.SERVICE_NAME));
  }

  private static ChannelCredentials credentials(RemoteSettings settings) {
    ChannelCredentials transport =
        settings.encrypted ? tls(settings) : InsecureChannelCredentials.create();
    // With the transport and not with each call: questions after a server's health need it too.
    return settings
        .tokenFile
        .map(file -> CompositeChannelCredentials.create(transport, TokenCredentials.open(file)))
        .orElse(transport);
  }

  private static ChannelCredentials tls(RemoteSettings settings) {
    TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
    try {
      if (settings.tlsAuthorities.isPresent()) {
        tls.trustManager(settings.tlsAuthorities.get().toFile());
      }
      if (settings.tlsCertificate.isPresent()) {
        tls.keyManager(settings.tlsCertificate.get().toFile(), settings.tlsKey.get().toFile());
      }
      return tls.build();
    } catch (IOException e) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS, "a TLS file cannot be read: " + e.getMessage(), e);
    }
  }

  /** For calls; ours. */
  public ManagedChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    channel.shutdown();
    try {
      if (!channel.awaitTermination(LAST_CALLS_SECONDS, TimeUnit.SECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException e) {
      channel.shutdownNow();
      Thread.currentThread().interrupt();
    }
    loops.ifPresent(SocketLoops::close);
  }
}
