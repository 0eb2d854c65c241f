package io.github.consistencydecoder.server;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.server.access.TlsMaterial.TlsFiles;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Collects what a {@link Sidecar} serves, where, to whom, and how it ends: in the beginning no
 * model, nowhere. Read when the sidecar is started; not for use by several threads.
 */
public final class SidecarConfig {
  private static final Pattern HOST = Pattern.compile("\\*|(\\*\\.)?[A-Za-z0-9_-][A-Za-z0-9._-]*");

  final Map<String, ModelSource> models = new LinkedHashMap<>();
  ServiceLimits limits = ServiceLimits.defaults();
  Optional<InetSocketAddress> grpc = Optional.empty();
  Optional<InetSocketAddress> http = Optional.empty();
  Optional<Path> grpcSocket = Optional.empty();
  Optional<Path> httpSocket = Optional.empty();
  Optional<TlsFiles> tls = Optional.empty();
  Optional<Path> token = Optional.empty();
  boolean openAllowed;
  boolean metricsOpen;
  final Set<String> allowedHosts = new LinkedHashSet<>();
  Optional<Boolean> introspection = Optional.empty();
  int connections = 1_000;
  Duration drainDelay = Duration.ZERO;
  Duration grace = Duration.ofSeconds(30);
  Optional<Path> stateFolder = Optional.empty();
  List<DecodeSize> warmUp = List.of();
  String version = "unknown";

  /**
   * One more model; the first is what callers get who name none.
   *
   * @param name on the wire, {@code [a-z0-9_.-]+}, not used yet
   */
  public SidecarConfig model(String name, ModelSource source) {
    if (models.putIfAbsent(name, requireNonNull(source, "source")) != null) {
      throw new IllegalArgumentException("two models are named '" + name + "'");
    }
    return this;
  }

  /** What is taken; what suits this machine otherwise. */
  public SidecarConfig limits(ServiceLimits limits) {
    this.limits = requireNonNull(limits, "limits");
    return this;
  }

  /** Where gRPC listens; port 0 for any that is free. */
  public SidecarConfig grpc(InetSocketAddress address) {
    this.grpc = Optional.of(address);
    return this;
  }

  /** Where HTTP listens; port 0 for any that is free. */
  public SidecarConfig http(InetSocketAddress address) {
    this.http = Optional.of(address);
    return this;
  }

  /** Unix socket for gRPC. */
  public SidecarConfig grpcSocket(Path path) {
    this.grpcSocket = Optional.of(path);
    return this;
  }

  /** Unix socket for HTTP. */
  public SidecarConfig httpSocket(Path path) {
    this.httpSocket = Optional.of(path);
    return this;
  }

  /** TCP is encrypted. */
  public SidecarConfig tls(TlsFiles files) {
    this.tls = Optional.of(files);
    return this;
  }

  /** Callers need the token in this file. */
  public SidecarConfig token(Path file) {
    this.token = Optional.of(file);
    return this;
  }

  /** The operator has said in words that anybody may call. */
  public SidecarConfig openAllowed(boolean allowed) {
    this.openAllowed = allowed;
    return this;
  }

  /** Whether metrics are shown without a token. */
  public SidecarConfig metricsOpen(boolean open) {
    this.metricsOpen = open;
    return this;
  }

  /**
   * One more name that callers over HTTP may use for this server; {@code localhost} and IP
   * addresses need no leave. Keeps out web pages whose name was pointed here.
   *
   * @param name of a host, {@code *.name} for all below it, or {@code *} for all
   * @throws IllegalArgumentException if it is something else
   */
  public SidecarConfig allowHost(String name) {
    if (!HOST.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "the host '" + name + "': a name without scheme and port, *.NAME or * is needed");
    }
    allowedHosts.add(name.toLowerCase(Locale.ROOT));
    return this;
  }

  /** Whether callers may use reflection and channelz; otherwise on this machine alone. */
  public SidecarConfig introspection(boolean allowed) {
    this.introspection = Optional.of(allowed);
    return this;
  }

  /** Connections of each endpoint at the same time; 1,000 otherwise. */
  public SidecarConfig connections(int most) {
    this.connections = most;
    return this;
  }

  /** Between saying that the server goes and taking no more calls; none otherwise. */
  public SidecarConfig drainDelay(Duration delay) {
    this.drainDelay = requireNonNull(delay, "delay");
    return this;
  }

  /** What accepted calls have to finish after that; 30 s otherwise. */
  public SidecarConfig grace(Duration grace) {
    this.grace = requireNonNull(grace, "grace");
    return this;
  }

  /** Where test pictures are remembered from start to start. */
  public SidecarConfig stateFolder(Path folder) {
    this.stateFolder = Optional.of(folder);
    return this;
  }

  /** Shapes that every model decodes before it serves. */
  public SidecarConfig warmUp(List<DecodeSize> sizes) {
    this.warmUp = List.copyOf(sizes);
    return this;
  }

  /** What callers hear as the server's version. */
  public SidecarConfig version(String version) {
    this.version = requireNonNull(version, "version");
    return this;
  }

  /**
   * @throws IllegalArgumentException if there is no model or nowhere to listen
   */
  void check() {
    if (models.isEmpty()) {
      throw new IllegalArgumentException("no model was named");
    }
    if (grpc.isEmpty() && http.isEmpty() && grpcSocket.isEmpty() && httpSocket.isEmpty()) {
      throw new IllegalArgumentException("there is nowhere to listen");
    }
  }
}
