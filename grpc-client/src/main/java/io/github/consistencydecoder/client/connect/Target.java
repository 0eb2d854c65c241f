package io.github.consistencydecoder.client.connect;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The address of a service.
 *
 * @param backends its servers; empty if {@code name} is for gRPC's own resolvers
 * @param name as messages call it
 */
record Target(List<Backend> backends, String name) {
  Target {
    backends = List.copyOf(backends);
  }

  /**
   * Reads {@code host:port}, {@code unix:path}, several of one of these kinds separated by commas,
   * or a target of gRPC's own, {@code scheme:///..}. Also what {@code serve} prints: {@code
   * grpc://host:port} and {@code grpc+unix:path}.
   *
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS}
   */
  static Target parse(String text) {
    String[] parts = text.split(",", -1);
    List<Backend> backends = new ArrayList<>();
    for (String part : parts) {
      String plain = part.strip().replaceFirst("^grpc(://|\\+(?=unix:))", "");
      if (Backend.parse(plain).isPresent()) {
        backends.add(Backend.parse(plain).get());
      } else if (parts.length == 1 && plain.matches("[a-z][a-z0-9+.-]*:/.*") && !isHttp(plain)) {
        return new Target(List.of(), plain);
      } else {
        throw invalid(text, part.strip());
      }
    }
    if (backends.stream().map(b -> b.socket().isPresent()).distinct().count() > 1) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "target '" + text + "': Unix sockets and ports cannot be mixed; name only the one kind");
    }
    return new Target(
        backends, backends.stream().map(Backend::toString).collect(Collectors.joining(", ")));
  }

  private static boolean isHttp(String text) {
    return text.startsWith("http:") || text.startsWith("https:");
  }

  private static DecoderException invalid(String text, String part) {
    return new DecoderException(
        DecoderErrorCode.INVALID_OPTIONS,
        ("target '%s': '%s' is no server; host:port, unix:path or several with commas"
                + " are needed%s")
            .formatted(
                text,
                part,
                isHttp(part) ? ", with the port of gRPC (8001) instead of that of HTTP" : ""));
  }

  /** Whether calls are spread over what may be several servers. */
  boolean balanced() {
    return backends.size() != 1 || backends.get(0).isName();
  }

  boolean onThisMachine() {
    return !backends.isEmpty() && backends.stream().allMatch(Backend::onThisMachine);
  }

  boolean unixSockets() {
    return !backends.isEmpty() && backends.get(0).socket().isPresent();
  }

  /** The backends in the form that {@link #parse} reads. */
  String list() {
    return backends.stream().map(Backend::toString).collect(Collectors.joining(","));
  }

  /**
   * One server.
   *
   * @param socket its Unix socket; otherwise it is at {@code host} and {@code port}
   * @param host name or address, an IPv6 one without brackets; empty for a socket
   * @param port 0 for a socket
   */
  record Backend(Optional<Path> socket, String host, int port) {
    private static final String UNIX = "unix:";
    private static final int LARGEST_PORT = 65_535;
    private static final Pattern HOST_AND_PORT =
        Pattern.compile("(\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+):([0-9]{1,5})");

    /**
     * Reads {@code host:port}, {@code [address]:port} or {@code unix:path}; empty if it is none.
     */
    static Optional<Backend> parse(String text) {
      if (text.startsWith(UNIX)) {
        // unix:path and unix:///path are gRPC's two spellings.
        String path = text.substring(UNIX.length()).replaceFirst("^//(?=/)", "");
        return path.isEmpty()
            ? Optional.empty()
            : Optional.of(new Backend(Optional.of(Path.of(path)), "", 0));
      }
      Matcher found = HOST_AND_PORT.matcher(text);
      if (!found.matches()) {
        return Optional.empty();
      }
      int port = Integer.parseInt(found.group(2));
      if (port < 1 || port > LARGEST_PORT) {
        return Optional.empty();
      }
      String host = found.group(1).replaceAll("[\\[\\]]", "");
      return Optional.of(new Backend(Optional.empty(), host, port));
    }

    /** Whether nobody outside this machine can listen to what is sent there. */
    boolean onThisMachine() {
      return socket.isPresent()
          || host.equals("localhost")
          || host.equals("::1")
          || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    /** Whether the host is a name, which may stand for several servers. */
    boolean isName() {
      return socket.isEmpty() && !onThisMachine() && !host.matches("[0-9.]+|.*:.*");
    }

    /** What a certificate has to be for, and what servers hear as the authority. */
    String authority() {
      if (socket.isPresent()) {
        return "localhost";
      }
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    @Override
    public String toString() {
      return socket.map(path -> UNIX + path).orElseGet(this::authority);
    }
  }
}
