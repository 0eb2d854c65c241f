package io.github.consistencydecoder.server.http;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Where the HTTP endpoint listens, and what it bears.
 *
 * @param host name or address to listen on
 * @param port 0 for any that is free, none for no TCP
 * @param socket of a Unix socket to listen on as well; its folder exists
 * @param maxConnections open at the same time; for one more the idlest is closed, and where none is
 *     idle it gets probes alone
 * @param bytesInFlight that bodies and answers may hold together while they travel
 * @param bodyTime how long a body may take beside 64 KiB a second
 * @param metricsOpen whether metrics are shown without a token
 * @param allowedHosts names that callers may use for this server beside {@code localhost} and IP
 *     addresses, in lower case; {@code *.name} is for all below that name, {@code *} for all
 */
public record HttpSettings(
    String host,
    OptionalInt port,
    Optional<Path> socket,
    int maxConnections,
    long bytesInFlight,
    Duration bodyTime,
    boolean metricsOpen,
    Set<String> allowedHosts) {
  public HttpSettings {
    requireNonNull(host, "host");
    requireNonNull(port, "port");
    requireNonNull(socket, "socket");
    requireNonNull(bodyTime, "bodyTime");
    allowedHosts = Set.copyOf(allowedHosts);
    if (maxConnections < 1 || bytesInFlight < 1) {
      throw new IllegalArgumentException("at least one connection and one byte are needed");
    }
  }

  /** Nowhere yet, with the usual bounds: 1,000 connections, 256 MiB, 30 s. */
  public static HttpSettings usual() {
    return new HttpSettings(
        "127.0.0.1",
        OptionalInt.empty(),
        Optional.empty(),
        1_000,
        256L << 20,
        Duration.ofSeconds(30),
        false,
        Set.of());
  }

  /** The same on TCP. */
  public HttpSettings withTcp(String host, int port) {
    return new HttpSettings(
        host,
        OptionalInt.of(port),
        socket,
        maxConnections,
        bytesInFlight,
        bodyTime,
        metricsOpen,
        allowedHosts);
  }

  /** The same with a Unix socket. */
  public HttpSettings withSocket(Path path) {
    return new HttpSettings(
        host,
        port,
        Optional.of(path),
        maxConnections,
        bytesInFlight,
        bodyTime,
        metricsOpen,
        allowedHosts);
  }

  /** The same with so many connections at the same time. */
  public HttpSettings withConnections(int most) {
    return new HttpSettings(
        host, port, socket, most, bytesInFlight, bodyTime, metricsOpen, allowedHosts);
  }

  /** The same with so many bytes that travel. */
  public HttpSettings withBytesInFlight(long most) {
    return new HttpSettings(
        host, port, socket, maxConnections, most, bodyTime, metricsOpen, allowedHosts);
  }

  /** The same with so much time for a body. */
  public HttpSettings withBodyTime(Duration time) {
    return new HttpSettings(
        host, port, socket, maxConnections, bytesInFlight, time, metricsOpen, allowedHosts);
  }

  /** The same with metrics for everybody or for those with a token. */
  public HttpSettings withMetricsOpen(boolean open) {
    return new HttpSettings(
        host, port, socket, maxConnections, bytesInFlight, bodyTime, open, allowedHosts);
  }

  /** The same with these names of this server. */
  public HttpSettings withAllowedHosts(Set<String> names) {
    return new HttpSettings(
        host, port, socket, maxConnections, bytesInFlight, bodyTime, metricsOpen, names);
  }
}
