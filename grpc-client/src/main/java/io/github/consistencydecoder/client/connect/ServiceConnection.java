package io.github.consistencydecoder.client.connect;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.grpc.CallCredentials;
import io.grpc.ChannelCredentials;
import io.grpc.CompositeChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueDomainSocketChannel;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  /**
   * A thread for Unix sockets, for which gRPC has none. Owns it; after {@link #close} it is gone.
   */
  static final class SocketLoops implements AutoCloseable {
    private final EventLoopGroup group;
    private final Class<? extends Channel> type;

    private SocketLoops(IoHandlerFactory io, Class<? extends Channel> type) {
      this.group =
          new MultiThreadIoEventLoopGroup(
              1, new DefaultThreadFactory("remote-decoder-io", true), io);
      this.type = type;
    }

    /**
     * Starts the thread.
     *
     * @throws DecoderException {@link DecoderErrorCode#DEVICE_UNAVAILABLE}
     */
    static SocketLoops start() {
      if (Epoll.isAvailable()) {
        return new SocketLoops(EpollIoHandler.newFactory(), EpollDomainSocketChannel.class);
      }
      if (KQueue.isAvailable()) {
        return new SocketLoops(KQueueIoHandler.newFactory(), KQueueDomainSocketChannel.class);
      }
      throw new DecoderException(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          "a Unix socket needs Linux or macOS, and on the class path Netty's"
              + " netty-transport-native-epoll or netty-transport-native-kqueue; or use host:port");
    }

    void apply(NettyChannelBuilder builder) {
      builder.eventLoopGroup(group).channelType(type, DomainSocketAddress.class);
    }

    @Override
    public void close() {
      var closing = group.shutdownGracefully(0, 2, TimeUnit.SECONDS);
      closing.awaitUninterruptibly(3, TimeUnit.SECONDS);
    }
  }

  /**
   * Sends the token in a file with every call. The file is read for each, so that a new token holds
   * from the next call on; as long as the new one is unusable, the old one is sent.
   */
  static final class TokenCredentials extends CallCredentials {
    private static final Logger LOG = LoggerFactory.getLogger(TokenCredentials.class);
    private static final Metadata.Key<String> AUTHORIZATION =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final int LONGEST = 4096;

    private final Path file;
    private volatile String token;

    private TokenCredentials(Path file, String token) {
      this.file = file;
      this.token = token;
    }

    /**
     * Reads a token.
     *
     * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS}
     */
    static TokenCredentials open(Path file) {
      try {
        return new TokenCredentials(file, read(file));
      } catch (IOException e) {
        throw new DecoderException(
            DecoderErrorCode.INVALID_OPTIONS,
            "token-file '%s' has no token, one line of at most %s visible ASCII characters: %s"
                .formatted(file, LONGEST, e.getMessage()),
            e);
      }
    }

    private static String read(Path file) throws IOException {
      // One more than a token and a line's end may have: what is longer is no token.
      byte[] bytes;
      try (var in = Files.newInputStream(file)) {
        bytes = in.readNBytes(LONGEST + 3);
      }
      String text = new String(bytes, StandardCharsets.US_ASCII).strip();
      if (text.isEmpty() || text.length() > LONGEST) {
        throw new IOException(text.isEmpty() ? "it is empty" : "it is longer");
      }
      if (!text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
        throw new IOException("it has other characters");
      }
      return text;
    }

    @Override
    public void applyRequestMetadata(
        RequestInfo requestInfo, Executor appExecutor, MetadataApplier applier) {
      appExecutor.execute(
          () -> {
            Metadata headers = new Metadata();
            headers.put(AUTHORIZATION, "Bearer " + current());
            applier.apply(headers);
          });
    }

    private String current() {
      try {
        token = read(file);
      } catch (IOException e) {
        LOG.warn(
            "the token file {} cannot be used; the token before is sent: {}", file, e.getMessage());
      }
      return token;
    }
  }
}
