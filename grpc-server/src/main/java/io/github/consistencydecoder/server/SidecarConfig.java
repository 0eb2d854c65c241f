package io.github.consistencydecoder.server;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.server.access.TlsMaterial.TlsFiles;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What a {@link Sidecar} serves, where, to whom, and how it ends. Immutable. */
public final class SidecarConfig {
  private static final Pattern HOST = Pattern.compile("\\*|(\\*\\.)?[A-Za-z0-9_-][A-Za-z0-9._-]*");

  final Map<String, ModelSource> models;
  final ServiceLimits limits;
  final Optional<InetSocketAddress> grpc;
  final Optional<InetSocketAddress> http;
  final Optional<Path> grpcSocket;
  final Optional<Path> httpSocket;
  final Optional<TlsFiles> tls;
  final Optional<Path> token;
  final boolean openAllowed;
  final boolean metricsOpen;
  final Set<String> allowedHosts;
  final Optional<Boolean> introspection;
  final int connections;
  final Duration drainDelay;
  final Duration grace;
  final Optional<Path> stateFolder;
  final List<DecodeSize> warmUp;
  final String version;

  private SidecarConfig(Builder b) {
    this.models = Collections.unmodifiableMap(new LinkedHashMap<>(b.models));
    this.limits = b.limits;
    this.grpc = b.grpc;
    this.http = b.http;
    this.grpcSocket = b.grpcSocket;
    this.httpSocket = b.httpSocket;
    this.tls = b.tls;
    this.token = b.token;
    this.openAllowed = b.openAllowed;
    this.metricsOpen = b.metricsOpen;
    this.allowedHosts = Set.copyOf(b.allowedHosts);
    this.introspection = b.introspection;
    this.connections = b.connections;
    this.drainDelay = b.drainDelay;
    this.grace = b.grace;
    this.stateFolder = b.stateFolder;
    this.warmUp = List.copyOf(b.warmUp);
    this.version = b.version;
  }

  /** A builder that listens nowhere and has no model. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects a configuration; not for use by several threads. */
  public static final class Builder {
    private final Map<String, ModelSource> models = new LinkedHashMap<>();
    private ServiceLimits limits = ServiceLimits.defaults();
    private Optional<InetSocketAddress> grpc = Optional.empty();
    private Optional<InetSocketAddress> http = Optional.empty();
    private Optional<Path> grpcSocket = Optional.empty();
    private Optional<Path> httpSocket = Optional.empty();
    private Optional<TlsFiles> tls = Optional.empty();
    private Optional<Path> token = Optional.empty();
    private boolean openAllowed;
    private boolean metricsOpen;
    private final Set<String> allowedHosts = new LinkedHashSet<>();
    private Optional<Boolean> introspection = Optional.empty();
    private int connections = 1_000;
    private Duration drainDelay = Duration.ZERO;
    private Duration grace = Duration.ofSeconds(30);
    private Optional<Path> stateFolder = Optional.empty();
    private List<DecodeSize> warmUp = List.of();
    private String version = "unknown";

    private Builder() {}

    /**
     * One more model; the first is what callers get who name none.
     *
     * @param name on the wire, {@code [a-z0-9_.-]+}, not used yet
     */
    public Builder model(String name, ModelSource source) {
      if (models.putIfAbsent(name, requireNonNull(source, "source")) != null) {
        throw new IllegalArgumentException("two models are named '" + name + "'");
      }
      return this;
    }

    /** What is taken; what suits this machine otherwise. */
    public Builder limits(ServiceLimits limits) {
      this.limits = requireNonNull(limits, "limits");
      return this;
    }

    /** Where gRPC listens; port 0 for any that is free. */
    public Builder grpc(InetSocketAddress address) {
      this.grpc = Optional.of(address);
      return this;
    }

    /** Where HTTP listens; port 0 for any that is free. */
    public Builder http(InetSocketAddress address) {
      this.http = Optional.of(address);
      return this;
    }

    /** Unix socket for gRPC. */
    public Builder grpcSocket(Path path) {
      this.grpcSocket = Optional.of(path);
      return this;
    }

    /** Unix socket for HTTP. */
    public Builder httpSocket(Path path) {
      this.httpSocket = Optional.of(path);
      return this;
    }

    /** TCP is encrypted. */
    public Builder tls(TlsFiles files) {
      this.tls = Optional.of(files);
      return this;
    }

    /** Callers need the token in this file. */
    public Builder token(Path file) {
      this.token = Optional.of(file);
      return this;
    }

    /** The operator has said in words that anybody may call. */
    public Builder openAllowed(boolean allowed) {
      this.openAllowed = allowed;
      return this;
    }

    /** Whether metrics are shown without a token. */
    public Builder metricsOpen(boolean open) {
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
    public Builder allowHost(String name) {
      if (!HOST.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "the host '" + name + "': a name without scheme and port, *.NAME or * is needed");
      }
      allowedHosts.add(name.toLowerCase(Locale.ROOT));
      return this;
    }

    /** Whether callers may use reflection and channelz; otherwise on this machine alone. */
    public Builder introspection(boolean allowed) {
      this.introspection = Optional.of(allowed);
      return this;
    }

    /** Connections of each endpoint at the same time; 1,000 otherwise. */
    public Builder connections(int most) {
      this.connections = most;
      return this;
    }

    /** Between saying that the server goes and taking no more calls; none otherwise. */
    public Builder drainDelay(Duration delay) {
      this.drainDelay = requireNonNull(delay, "delay");
      return this;
    }

    /** What accepted calls have to finish after that; 30 s otherwise. */
    public Builder grace(Duration grace) {
      this.grace = requireNonNull(grace, "grace");
      return this;
    }

    /** Where test pictures are remembered from start to start. */
    public Builder stateFolder(Path folder) {
      this.stateFolder = Optional.of(folder);
      return this;
    }

    /** Shapes that every model decodes before it serves. */
    public Builder warmUp(List<DecodeSize> sizes) {
      this.warmUp = List.copyOf(sizes);
      return this;
    }

    /** What callers hear as the server's version. */
    public Builder version(String version) {
      this.version = requireNonNull(version, "version");
      return this;
    }

    /**
     * @throws IllegalArgumentException if there is no model or nowhere to listen
     */
    public SidecarConfig build() {
      if (models.isEmpty()) {
        throw new IllegalArgumentException("no model was named");
      }
      if (grpc.isEmpty() && http.isEmpty() && grpcSocket.isEmpty() && httpSocket.isEmpty()) {
        throw new IllegalArgumentException("there is nowhere to listen");
      }
      return new SidecarConfig(this);
    }
  }
}
