package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.FakeDecoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** An endpoint on loopback before a service with a controllable decoder, and clients of it. */
final class OpenEndpoint implements AutoCloseable {
  /** Far longer than any answer takes here. */
  private static final int QUIET_MILLIS = 10_000;

  final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  final QueuedDecodeService service;
  final HttpEndpoint endpoint;
  final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();

  OpenEndpoint() throws AccessException, IOException {
    this(builder -> builder);
  }

  OpenEndpoint(UnaryOperator<HttpEndpoint.Builder> builder) throws AccessException, IOException {
    this(false, builder);
  }

  /**
   * @param encodes whether the model has an encoder
   */
  OpenEndpoint(boolean encodes, UnaryOperator<HttpEndpoint.Builder> builder)
      throws AccessException, IOException {
    service = service(encodes);
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try {
      endpoint = builder.apply(HttpEndpoint.builder(service).address(loopback)).build();
      endpoint.start();
    } catch (AccessException | IOException e) {
      service.close();
      throw e;
    }
  }

  private QueuedDecodeService service(boolean encodes) {
    ModelSource source = ModelSource.of(controls::openDecoder);
    QueuedDecodeService started =
        QueuedDecodeService.builder()
            .model(Fixtures.MODEL, encodes ? source.withEncoder(controls::openEncoder) : source)
            .limits(Fixtures.shortQueue())
            .backoff(Duration.ofMillis(5))
            .start();
    Fixtures.awaitServing(started);
    return started;
  }

  int port() {
    return endpoint.port().orElseThrow();
  }

  URI uri(String pathAndQuery) {
    return URI.create("http://127.0.0.1:" + port() + pathAndQuery);
  }

  HttpResponse<byte[]> get(String pathAndQuery, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(pathAndQuery)).GET();
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request);
  }

  HttpResponse<byte[]> post(String pathAndQuery, byte[] body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(pathAndQuery))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request);
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
    return client.send(
        request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  /**
   * Sends bytes as they are and returns what comes: one answer, or all until the server closes. A
   * server that says nothing for a while is told that there is no more.
   */
  byte[] raw(byte[] request) throws IOException {
    return raw(request, QUIET_MILLIS);
  }

  /**
   * The same.
   *
   * @param quietMillis after which the server is told that there is no more
   */
  byte[] raw(byte[] request, int quietMillis) throws IOException {
    try (Socket socket = socket()) {
      socket.setSoTimeout(quietMillis);
      ByteArrayOutputStream in = new ByteArrayOutputStream();
      try {
        socket.getOutputStream().write(request);
        readAnswer(socket, in);
      } catch (SocketTimeoutException e) {
        socket.setSoTimeout(20_000);
        try {
          socket.shutdownOutput();
          readAnswer(socket, in);
        } catch (IOException closed) {
          // A reset after the answer.
        }
      } catch (IOException e) {
        // It has closed; what it said may be there.
      }
      return in.toByteArray();
    }
  }

  private static void readAnswer(Socket socket, ByteArrayOutputStream in) throws IOException {
    byte[] buffer = new byte[8192];
    while (!RawAnswer.isComplete(in.toByteArray())) {
      int n = socket.getInputStream().read(buffer);
      if (n < 0) {
        return;
      }
      in.write(buffer, 0, n);
    }
  }

  /** A connection whose reads end after 20 s. */
  Socket socket() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  static byte[] body(Latents latents, TensorType type) {
    return type.toBytes(latents.values());
  }

  static String error(HttpResponse<byte[]> response) {
    return error(response.body());
  }

  static String error(byte[] json) {
    return Exchange.JSON.readTree(new String(json, StandardCharsets.UTF_8)).get("error").asString();
  }

  @Override
  public void close() {
    controls.release();
    endpoint.close();
    service.close();
  }
}
