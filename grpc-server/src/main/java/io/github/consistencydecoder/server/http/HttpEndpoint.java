package io.github.consistencydecoder.server.http;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.access.TlsMaterial;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.http.Refusal.JettyErrors;
import io.github.consistencydecoder.server.http.Router.HttpContext;
import io.github.consistencydecoder.server.queue.DecodeService;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
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

  /** For probes, where all connections that there may be have a request under way. */
  private static final int PLACES = 16;

  private final Server server;
  private final List<AbstractConnector> connectors = new ArrayList<>();
  private final ExecutorService answers;
  private final ByteBudget budget;
  private final Router router;

  private HttpEndpoint(Builder b) {
    this.budget = new ByteBudget(b.settings.bytesInFlight());
    this.answers =
        Executors.newFixedThreadPool(
            Math.max(2, Runtime.getRuntime().availableProcessors()), threads());
    QueuedThreadPool pool = new QueuedThreadPool(MOST_THREADS, 8);
    pool.setName("http");
    pool.setDaemon(true);
    this.server = new Server(pool);
    server.setErrorHandler(new JettyErrors());
    server.setStopTimeout(0);
    HttpContext endpoint = new HttpContext(b.service, b.settings, budget, answers);
    this.router = new Router(endpoint, b.token, b.metrics);
    server.setHandler(router);
    b.settings.port().ifPresent(port -> connectors.add(tcp(b, port)));
    b.settings.socket().ifPresent(path -> connectors.add(unix(b, path)));
    connectors.forEach(server::addConnector);
    connectors.forEach(
        connector -> connector.addBean((Connection.Listener) new Openings(b.settings)));
  }

  /** Makes room for a connection beyond the limit, or closes it where no place is left. */
  private final class Openings implements Connection.Listener {
    private final int most;

    Openings(HttpSettings settings) {
      this.most = settings.maxConnections();
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

  private AbstractConnector tcp(Builder b, int port) {
    List<ConnectionFactory> factories = new ArrayList<>(plain(b));
    if (b.tls.isPresent()) {
      // HTTP/2 over TLS would need a negotiation of protocols, which none of the clients asks for.
      factories.remove(1);
      factories.add(0, new SslConnectionFactory(encryption(b.tls.get()), "http/1.1"));
    }
    ServerConnector connector =
        new ServerConnector(server, 1, 2, factories.toArray(ConnectionFactory[]::new));
    connector.setHost(b.settings.host());
    connector.setPort(port);
    connector.setAcceptQueueSize(1_024);
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

  private AbstractConnector unix(Builder b, Path path) {
    UnixSocketConnector connector =
        new UnixSocketConnector(server, path, plain(b).toArray(ConnectionFactory[]::new));
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

  /** Collects what an endpoint needs; not for use by several threads. */
  public static Builder builder(DecodeService service, HttpSettings settings) {
    return new Builder(service, settings);
  }

  /** Collects what an endpoint needs; not for use by several threads. */
  public static final class Builder {
    private final DecodeService service;
    private final HttpSettings settings;
    private Function<String, MetricsPage> metrics =
        accept -> new MetricsPage("text/plain", new byte[0]);
    private Optional<TokenFile> token = Optional.empty();
    private Optional<TlsMaterial> tls = Optional.empty();
    private long idleMillis = IDLE_MILLIS;

    private Builder(DecodeService service, HttpSettings settings) {
      this.service = requireNonNull(service, "service");
      this.settings = requireNonNull(settings, "settings");
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

    /** An endpoint that is not open yet. */
    public HttpEndpoint build() {
      return new HttpEndpoint(this);
    }
  }

  /**
   * Begins to listen.
   *
   * @throws AccessException if the Unix socket must not be there
   * @throws IOException if that is not possible
   */
  public void start() throws AccessException, IOException {
    try {
      server.start();
    } catch (AccessException | IOException e) {
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
    return budget.held();
  }

  /** Takes no more connections; those that there are end with their present answer. */
  public void stopAccepting() {
    for (AbstractConnector connector : connectors) {
      // Completes when the last connection has gone; see awaitIdle.
      Future<Void> unused = connector.shutdown();
    }
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
      answers.shutdownNow();
    }
  }
}
