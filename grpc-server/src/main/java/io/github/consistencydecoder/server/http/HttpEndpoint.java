package io.github.consistencydecoder.server.http;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.access.TlsMaterial;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.access.UnixSocket;
import io.github.consistencydecoder.server.http.Refusal.JettyErrors;
import io.github.consistencydecoder.server.http.Router.HttpContext;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.request.ByteBudget;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The service over HTTP/1.1 and, without TLS, HTTP/2.
 *
 * <p>Owns its server and threads; borrows the service. Safe for use by several threads. After
 * {@link #close} it cannot be started again; closing again does nothing.
 */
public final class HttpEndpoint implements AutoCloseable {
  /**
   * A page of metrics.
   *
   * @param type its media type
   * @param body its bytes; whoever gets them borrows them
   */
  public record MetricsPage(String type, byte[] body) {}

  private static final int MOST_THREADS = 200;
  private static final int HEADER_BYTES = 8 << 10;
  private static final long IDLE_MILLIS = 60_000;
  private static final int STREAMS = 16;
  private static final int BACKLOG = 1_024;

  /** For probes, where all connections that there may be have a request under way. */
  private static final int PLACES = 16;

  private final Server server;
  private final List<AbstractConnector> connectors = new ArrayList<>();
  private final ExecutorService answers;
  private final ByteBudget bytes;
  private final Router router;
  private Optional<UnixSocket> socket = Optional.empty();

  private HttpEndpoint(Builder b) throws AccessException {
    this.bytes = b.bytes.part();
    this.answers =
        Executors.newFixedThreadPool(
            Math.max(2, Runtime.getRuntime().availableProcessors()), threads());
    QueuedThreadPool pool = new QueuedThreadPool(MOST_THREADS, 8);
    pool.setName("http");
    pool.setDaemon(true);
    this.server = new Server(pool);
    server.setErrorHandler(new JettyErrors());
    server.setStopTimeout(0);
    this.router = new Router(new HttpContext(b.service, bytes, b.bodyTime, answers), b);
    server.setHandler(router);
    b.address.ifPresent(address -> connectors.add(tcp(b, address)));
    if (b.socket.isPresent()) {
      UnixSocket prepared = UnixSocket.prepare(b.socket.get());
      socket = Optional.of(prepared);
      connectors.add(unix(b, prepared));
    }
    connectors.forEach(server::addConnector);
    connectors.forEach(
        connector -> connector.addBean((Connection.Listener) new Openings(b.connections)));
  }

  /** Makes room for a connection beyond the limit, or closes it where no place is left. */
  private final class Openings implements Connection.Listener {
    private final int most;

    Openings(int most) {
      this.most = most;
    }

    @Override
    public void onOpened(Connection connection) {
      synchronized (router) {
        EndPoint opened = Router.network(connection.getEndPoint());
        List<EndPoint> all =
            connectors.stream()
                .flatMap(connector -> connector.getConnectedEndPoints().stream())
                .filter(EndPoint::isOpen)
                .toList();
        if (all.size() > most) {
          all.stream()
              .filter(other -> other != opened && !router.isBusy(other))
              .max(Comparator.comparingLong(other -> ((AbstractEndPoint) other).getIdleFor()))
              .or(() -> Optional.of(opened).filter(o -> all.size() > most + PLACES))
              .ifPresent(EndPoint::close);
        }
      }
    }
  }

  private static ThreadFactory threads() {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, "http-answer-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  private AbstractConnector tcp(Builder b, InetSocketAddress address) {
    List<ConnectionFactory> factories = new ArrayList<>(plain(b));
    if (b.tls.isPresent()) {
      // HTTP/2 over TLS would need a negotiation of protocols, which none of the clients asks for.
      factories.remove(1);
      factories.add(0, new SslConnectionFactory(encryption(b.tls.get()), "http/1.1"));
    }
    ServerConnector connector =
        new ServerConnector(server, 1, 2, factories.toArray(ConnectionFactory[]::new));
    connector.setHost(
        address.isUnresolved() ? address.getHostString() : address.getAddress().getHostAddress());
    connector.setPort(address.getPort());
    connector.setAcceptQueueSize(BACKLOG);
    connector.setIdleTimeout(b.idleMillis);
    return connector;
  }

  private static SslContextFactory.Server encryption(TlsMaterial material) {
    SslContextFactory.Server factory = new SslContextFactory.Server();
    factory.setSslContext(material.context());
    factory.setNeedClientAuth(material.wantsClientCertificates());
    factory.setIncludeProtocols("TLSv1.3", "TLSv1.2");
    factory.addExcludeCipherSuites(TlsMaterial.REFUSED_SUITES);
    return factory;
  }

  private AbstractConnector unix(Builder b, UnixSocket prepared) {
    UnixDomainServerConnector connector =
        new UnixDomainServerConnector(server, plain(b).toArray(ConnectionFactory[]::new));
    connector.setUnixDomainPath(prepared.bindingPath());
    connector.setAcceptQueueSize(BACKLOG);
    connector.setIdleTimeout(b.idleMillis);
    return connector;
  }

  private static List<ConnectionFactory> plain(Builder b) {
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setSendServerVersion(false);
    configuration.setUriCompliance(
        UriCompliance.DEFAULT.with("slashes", UriCompliance.Violation.AMBIGUOUS_EMPTY_SEGMENT));
    configuration.setSendDateHeader(true);
    configuration.setRequestHeaderSize(HEADER_BYTES);
    configuration.setResponseHeaderSize(HEADER_BYTES);
    // Whether the certificate is for the name is the caller's to judge; a proxy may use another.
    configuration.addCustomizer(new SecureRequestCustomizer(false));
    HTTP2CServerConnectionFactory h2 = new HTTP2CServerConnectionFactory(configuration);
    h2.setMaxConcurrentStreams(STREAMS);
    h2.setStreamIdleTimeout(b.idleMillis);
    return List.of(new HttpConnectionFactory(configuration), h2);
  }

  /** Collects what an endpoint needs. */
  public static Builder builder(DecodeService service) {
    return new Builder(service);
  }

  /** Collects what an endpoint needs and bears; not for use by several threads. */
  public static final class Builder {
    final DecodeService service;
    Optional<InetSocketAddress> address = Optional.empty();
    Optional<Path> socket = Optional.empty();
    Optional<TokenFile> token = Optional.empty();
    Optional<TlsMaterial> tls = Optional.empty();
    Function<String, MetricsPage> metrics = accept -> new MetricsPage("text/plain", new byte[0]);
    boolean metricsOpen;
    Set<String> allowedHosts = Set.of();
    int connections = 1_000;
    ByteBudget bytes;
    Duration bodyTime = Duration.ofSeconds(30);
    long idleMillis = IDLE_MILLIS;

    private Builder(DecodeService service) {
      this.service = requireNonNull(service, "service");
      this.bytes = ByteBudget.usual(service.limits());
    }

    /** Listens on TCP; port 0 takes a free one. */
    public Builder address(InetSocketAddress address) {
      this.address = Optional.of(address);
      return this;
    }

    /** Listens on a Unix socket; who may enter its folder may call. */
    public Builder socket(Path path) {
      this.socket = Optional.of(path);
      return this;
    }

    /**
     * Connections open at the same time, 1,000 otherwise; for one more the idlest is closed, and
     * where none is idle it gets probes alone.
     */
    public Builder connections(int most) {
      if (most < 1) {
        throw new IllegalArgumentException("at least one connection is needed, not " + most);
      }
      this.connections = most;
      return this;
    }

    /** What bodies and answers may hold while they travel, together with other endpoints. */
    public Builder bytes(ByteBudget bytes) {
      this.bytes = requireNonNull(bytes, "bytes");
      return this;
    }

    /** How long a body may take beside 64 KiB a second; 30 s otherwise. */
    public Builder bodyTime(Duration time) {
      this.bodyTime = requireNonNull(time, "time");
      return this;
    }

    /** Whether metrics are shown without a token. */
    public Builder metricsOpen(boolean open) {
      this.metricsOpen = open;
      return this;
    }

    /**
     * Names that callers may use for this server beside {@code localhost} and IP addresses, in
     * lower case; {@code *.name} is for all below that name, {@code *} for all.
     */
    public Builder allowedHosts(Set<String> names) {
      this.allowedHosts = Set.copyOf(names);
      return this;
    }

    /** Callers need this token, on the Unix socket too. */
    public Builder token(TokenFile file) {
      this.token = Optional.of(file);
      return this;
    }

    /**
     * Connections over TCP are encrypted.
     *
     * @param material borrowed as long as the endpoint is open
     */
    public Builder tls(TlsMaterial material) {
      this.tls = Optional.of(material);
      return this;
    }

    /** The page of all metrics, in the form that a caller's {@code Accept} asks for. */
    public Builder metrics(Function<String, MetricsPage> page) {
      this.metrics = requireNonNull(page, "page");
      return this;
    }

    /** How long a connection may be idle, decodes aside; a minute otherwise. */
    Builder idleMillis(long millis) {
      this.idleMillis = millis;
      return this;
    }

    /**
     * An endpoint that is not open yet.
     *
     * @throws AccessException if the Unix socket must not be there
     */
    public HttpEndpoint build() throws AccessException {
      return new HttpEndpoint(this);
    }
  }

  /**
   * Begins to listen.
   *
   * @throws IOException if that is not possible
   */
  public void start() throws IOException {
    try {
      server.start();
      if (socket.isPresent()) {
        socket.get().bound();
      }
    } catch (IOException e) {
      close();
      throw e;
    } catch (Exception e) {
      throw new IOException("the HTTP server cannot start", e);
    }
  }

  /** The port that it listens on, if it does on one. */
  public OptionalInt port() {
    return connectors.stream()
        .filter(ServerConnector.class::isInstance)
        .mapToInt(c -> ((ServerConnector) c).getLocalPort())
        .filter(port -> port > 0)
        .findFirst();
  }

  /** Bytes of bodies and answers that travel at the moment. */
  public long bytesInFlight() {
    return bytes.held();
  }

  /** Takes no more connections; those that there are end with their present answer. */
  public void stopAccepting() {
    for (AbstractConnector connector : connectors) {
      // Completes when the last connection has gone; see awaitIdle.
      Future<Void> unused = connector.shutdown();
    }
    socket.ifPresent(UnixSocket::remove);
  }

  /** Readiness is denied from here on; calls are still taken. */
  public void withdraw() {
    router.withdraw();
  }

  /** Waits until every request has its answer, or for so long. */
  public void awaitIdle(Duration most) throws InterruptedException {
    long end = System.nanoTime() + most.toNanos();
    while (System.nanoTime() < end && router.inside() > 0) {
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the HTTP server cannot stop", e);
    } finally {
      server.destroy();
      socket.ifPresent(UnixSocket::remove);
      answers.shutdownNow();
    }
  }
}
