package io.github.consistencydecoder.server.http;

import static io.github.consistencydecoder.server.http.OpenEndpoint.body;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Requests of HTTP/1.1 as they are written to a socket. */
final class RawRequests {
  static final Latents LATENTS = SampleLatents.scaled(1, 1, 8, 8);
  static final byte[] BODY = body(LATENTS, TensorType.FLOAT32);
  static final String DECODE =
      "/?output_type=pt&shape=1,4,8,8&dtype=float32&scaling_factor=0.18215";

  private RawRequests() {}

  static byte[] head(String method, String path, String... headers) {
    return (method
            + " "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\n"
            + String.join("\r\n", headers)
            + (headers.length > 0 ? "\r\n" : "")
            + "\r\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  static byte[] decodeRequest(String... headers) {
    List<String> all = new ArrayList<>(List.of(headers));
    all.add("Content-Length: " + BODY.length);
    return TensorBytes.join(head("POST", DECODE, all.toArray(String[]::new)), BODY);
  }
}
