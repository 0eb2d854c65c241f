package io.github.consistencydecoder.client.connect;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  /** Reads {@code host:port}, {@code [address]:port} or {@code unix:path}; empty if it is none. */
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
