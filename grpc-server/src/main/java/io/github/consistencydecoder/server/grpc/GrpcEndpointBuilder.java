package io.github.consistencydecoder.server.grpc;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.access.TlsMaterial;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.request.ByteBudget;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Collects what a {@link GrpcEndpoint} is made of; not for use by several threads. */
public final class GrpcEndpointBuilder {
  final DecodeService service;
  Optional<InetSocketAddress> address = Optional.empty();
  Optional<Path> socket = Optional.empty();
  Optional<TokenFile> token = Optional.empty();
  Optional<TlsMaterial> tls = Optional.empty();
  boolean openAllowed;
  boolean healthNeedsToken;
  Optional<Boolean> reflection = Optional.empty();
  Optional<Boolean> channelz = Optional.empty();
  ByteBudget bytes;
  int connections = 1_000;
  Duration patience = Duration.ofSeconds(60);
  long slowestReader = 32 << 10;
  String version = "unknown";

  GrpcEndpointBuilder(DecodeService service) {
    this.service = requireNonNull(service, "service");
    this.bytes = ByteBudget.usual(service.limits());
  }

  /** Listens on TCP; port 0 takes a free one. */
  public GrpcEndpointBuilder address(InetSocketAddress address) {
    this.address = Optional.of(address);
    return this;
  }

  /** Listens on a Unix socket, without TLS; who may enter its folder may call. */
  public GrpcEndpointBuilder socket(Path socket) {
    this.socket = Optional.of(socket);
    return this;
  }

  /** Callers need a token, on TCP and on the Unix socket. */
  public GrpcEndpointBuilder token(TokenFile token) {
    this.token = Optional.of(token);
    return this;
  }

  /** TCP is encrypted. Borrowed until the endpoint is closed. */
  public GrpcEndpointBuilder tls(TlsMaterial tls) {
    this.tls = Optional.of(tls);
    return this;
  }

  /** The operator has said in words that anybody may call; see {@code ListeningRule}. */
  public GrpcEndpointBuilder openAllowed(boolean openAllowed) {
    this.openAllowed = openAllowed;
    return this;
  }

  /** Whether health needs the token too; otherwise it is open. */
  public GrpcEndpointBuilder healthNeedsToken(boolean healthNeedsToken) {
    this.healthNeedsToken = healthNeedsToken;
    return this;
  }

  /** Whether callers may ask for the protocols; otherwise yes on this machine and no beyond it. */
  public GrpcEndpointBuilder reflection(boolean reflection) {
    this.reflection = Optional.of(reflection);
    return this;
  }

  /** Whether callers may look at connections; otherwise yes on this machine and no beyond it. */
  public GrpcEndpointBuilder channelz(boolean channelz) {
    this.channelz = Optional.of(channelz);
    return this;
  }

  /** What requests and answers may hold while they travel, together with other endpoints. */
  public GrpcEndpointBuilder bytes(ByteBudget bytes) {
    this.bytes = requireNonNull(bytes, "bytes");
    return this;
  }

  /** Connections at the same time, TCP and Unix socket together; one more is closed at once. */
  public GrpcEndpointBuilder connections(int connections) {
    if (connections < 1) {
      throw new IllegalArgumentException("at least one connection is needed, not " + connections);
    }
    this.connections = connections;
    return this;
  }

  /** With a caller who does not read the answer, besides the time that its bytes need. */
  public GrpcEndpointBuilder patience(Duration patience) {
    this.patience = requireNonNull(patience, "patience");
    return this;
  }

  /** Bytes a second; who reads an answer slower than this is cut off. */
  public GrpcEndpointBuilder slowestReader(long bytesPerSecond) {
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException("the rate must be positive, not " + bytesPerSecond);
    }
    this.slowestReader = bytesPerSecond;
    return this;
  }

  /** What callers hear as the server's version. */
  public GrpcEndpointBuilder version(String version) {
    this.version = requireNonNull(version, "version");
    return this;
  }

  /**
   * Opens the endpoint.
   *
   * @throws AccessException if it must not or cannot be opened this way
   * @throws IOException if the address cannot be listened on
   */
  public GrpcEndpoint start() throws AccessException, IOException {
    if (address.isEmpty() && socket.isEmpty()) {
      throw new IllegalStateException("an address or a socket is needed");
    }
    return GrpcEndpoint.open(this);
  }
}
