package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The first answer of HTTP/1.1 in what a socket gave. */
record RawAnswer(int status, Map<String, String> headers, byte[] body) {
  static RawAnswer of(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = text.indexOf("\r\n\r\n");
    if (!text.startsWith("HTTP/1.1 ") || end < 0) {
      throw new AssertionError("no answer in: " + text);
    }
    String[] lines = text.substring(0, end).split("\r\n", -1);
    Map<String, String> headers = new HashMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    int begin = end + 4;
    String length = headers.get("content-length");
    int stop = length == null ? bytes.length : begin + Integer.parseInt(length);
    return new RawAnswer(
        Integer.parseInt(lines[0].substring(9, 12)),
        headers,
        Arrays.copyOfRange(bytes, begin, Math.min(stop, bytes.length)));
  }

  /** The next answer of a connection that stays open. */
  static RawAnswer read(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int b = socket.getInputStream().read();
      if (b < 0) {
        break;
      }
      head.append((char) b);
    }
    byte[] bytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
    String length = of(bytes).header("content-length");
    return of(
        TensorBytes.join(bytes, socket.getInputStream().readNBytes(Integer.parseInt(length))));
  }

  /** Whether there is a whole answer, which says how long it is. */
  static boolean isComplete(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    if (!text.startsWith("HTTP/1.1 ") || !text.contains("\r\n\r\n")) {
      return false;
    }
    RawAnswer answer = of(bytes);
    String length = answer.header("content-length");
    return !length.isEmpty() && answer.body().length == Integer.parseInt(length);
  }

  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** Requests of HTTP/1.1 as they are written to a socket. */
  static final class RawRequests {
    static final Latents LATENTS = SampleLatents.scaled(1, 1, 8, 8);
    static final byte[] BODY = OpenEndpoint.body(LATENTS, TensorType.FLOAT32);
    static final String DECODE =
        "/?output_type=pt&shape=1,4,8,8&dtype=float32&scaling_factor=0.18215";

    private RawRequests() {}

    static byte[] head(String method, String path, String... headers) {
      String lines = String.join("\r\n", headers) + (headers.length > 0 ? "\r\n" : "");
      return "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
          .formatted(method, path, lines)
          .getBytes(StandardCharsets.UTF_8);
    }

    static byte[] decodeRequest(String... headers) {
      List<String> all = new ArrayList<>(List.of(headers));
      all.add("Content-Length: " + BODY.length);
      return TensorBytes.join(head("POST", DECODE, all.toArray(String[]::new)), BODY);
    }
  }
}
