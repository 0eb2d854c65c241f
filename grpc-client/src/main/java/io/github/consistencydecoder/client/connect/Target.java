package io.github.consistencydecoder.client.connect;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where a service is.
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
        "target '"
            + text
            + "': '"
            + part
            + "' is no server; host:port, unix:path or several with commas are needed"
            + (isHttp(part) ? ", with the port of gRPC (8001) instead of that of HTTP" : ""));
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
}
