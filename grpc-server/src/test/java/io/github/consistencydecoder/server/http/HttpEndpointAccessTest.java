package io.github.consistencydecoder.server.http;

import static io.github.consistencydecoder.server.http.OpenEndpoint.body;
import static io.github.consistencydecoder.server.http.OpenEndpoint.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.access.TlsMaterial;
import io.github.consistencydecoder.server.access.TlsMaterial.TlsFiles;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.http.HttpEndpoint.MetricsPage;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import io.github.consistencydecoder.testing.TestCertificates;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may call, and over what. */
@Tag("process")
@Timeout(60)
final class HttpEndpointAccessTest {
  private static final String TOKEN = "0123456789abcdef0123";
  private static final byte[] BODY = body(SampleLatents.scaled(1, 1, 8, 8), TensorType.FLOAT32);
  private static final String DECODE =
      "/?output_type=pt&shape=1,4,8,8&dtype=float32&scaling_factor=0.18215";

  @TempDir private Path folder;

  private TokenFile token() throws Exception {
    return TokenFile.open(Files.writeString(folder.resolve("token"), TOKEN + "\n"));
  }

  @Test
  void callsNeedTheTokenAndProbesDoNot() throws Exception {
    TokenFile token = token();
    try (OpenEndpoint open = new OpenEndpoint(b -> b.token(token))) {
      HttpResponse<byte[]> none = open.post(DECODE, BODY);
      HttpResponse<byte[]> wrong =
          open.post(DECODE, BODY, "Authorization", "Bearer " + "x".repeat(20));
      HttpResponse<byte[]> right = open.post(DECODE, BODY, "Authorization", "Bearer " + TOKEN);

      assertThat(none.statusCode()).isEqualTo(401);
      assertThat(none.headers().firstValue("www-authenticate")).contains("Bearer");
      assertThat(error(none)).contains("Bearer");
      assertThat(wrong.statusCode()).isEqualTo(403);
      assertThat(error(wrong)).isNotEmpty();
      assertThat(right.statusCode()).isEqualTo(200);
      for (String path : List.of("/", "/health", "/healthz", "/readyz")) {
        assertThat(open.get(path).statusCode()).as(path).isEqualTo(200);
      }
      for (String path : List.of("/metrics", "/models")) {
        assertThat(open.get(path).statusCode()).as(path).isEqualTo(401);
      }
    }
  }

  @Test
  void metricsCanBeOpenToAll() throws Exception {
    TokenFile token = token();
    try (OpenEndpoint open =
        new OpenEndpoint(
            b ->
                b.metricsOpen(true)
                    .token(token)
                    .metrics(
                        accept ->
                            new MetricsPage(
                                "text/plain", "a 1\n".getBytes(StandardCharsets.UTF_8))))) {
      assertThat(new String(open.get("/metrics").body(), StandardCharsets.UTF_8))
          .isEqualTo("a 1\n");
      assertThat(open.get("/models").statusCode()).isEqualTo(401);
    }
  }

  @Test
  void unixSocketGivesTheSameBytesAndIsGoneAfterwards() throws Exception {
    Path socket = folder.resolve("http.sock");
    byte[] over;
    byte[] tcp;
    try (OpenEndpoint open = new OpenEndpoint(b -> b.socket(socket))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
      over = overSocket(socket);
      tcp = open.post(DECODE, BODY).body();
    }
    assertThat(RawAnswer.of(over).body()).isEqualTo(tcp);
    assertThat(socket).doesNotExist();
  }

  private static byte[] overSocket(Path socket) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      String head =
          "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %s\r\n\r\n"
              .formatted(DECODE, BODY.length);
      channel.write(ByteBuffer.wrap(TensorBytes.join(head.getBytes(StandardCharsets.UTF_8), BODY)));
      ByteBuffer in = ByteBuffer.allocate(1 << 20);
      while (channel.read(in) >= 0) {
        // Until the server closes.
      }
      return java.util.Arrays.copyOf(in.array(), in.position());
    }
  }

  @Test
  void socketThatNobodyListensOnIsReplaced() throws Exception {
    Path socket = folder.resolve("http.sock");
    try (ServerSocketChannel old = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      old.bind(UnixDomainSocketAddress.of(socket));
    }
    assertThat(socket).exists();

    OpenEndpoint open = new OpenEndpoint(b -> b.socket(socket));
    try {
      assertThat(RawAnswer.of(overSocket(socket)).status()).isEqualTo(200);
    } finally {
      open.close();
    }
  }

  @Test
  void socketInUseAndFilesThatAreNoneAreLeftAlone() throws Exception {
    Path socket = folder.resolve("http.sock");
    Path file = Files.writeString(folder.resolve("file"), "mine");
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(socket));

      assertThatThrownBy(() -> new OpenEndpoint(b -> b.socket(socket)))
          .isInstanceOf(AccessException.class)
          .hasMessageContaining("another process serves");
      assertThatThrownBy(() -> new OpenEndpoint(b -> b.socket(file)))
          .isInstanceOf(AccessException.class)
          .hasMessageContaining("is no socket");
    }
    assertThat(file).hasContent("mine");
  }

  @Test
  void pageIsForBrowsersAndAllowsNothingFromElsewhere() throws Exception {
    try (OpenEndpoint open = new OpenEndpoint()) {
      HttpResponse<byte[]> page =
          open.get("/", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8");

      String html = new String(page.body(), StandardCharsets.UTF_8);
      assertThat(page.headers().firstValue("content-type")).contains("text/html; charset=utf-8");
      assertThat(page.headers().firstValue("content-security-policy").orElse(""))
          .contains("default-src 'none'", "script-src 'sha256-", "style-src 'sha256-")
          .doesNotContain("unsafe");
      assertThat(html)
          .contains("<script>", "id=\"file\" multiple", "const viewer =")
          .doesNotContain("http://", "https://", "{script}", "{style}", " style=\"", "onclick");
    }
  }

  @Test
  void modelsAreListed() throws Exception {
    try (OpenEndpoint open = new OpenEndpoint()) {
      var document = Exchange.JSON.readTree(open.get("/models").body());

      assertThat(document.get("readiness").asString()).isEqualTo("serving");
      assertThat(document.get("models").get(0).get("name").asString()).isEqualTo(Fixtures.MODEL);
      assertThat(document.get("models").get(0).get("ready").asBoolean()).isTrue();
      assertThat(document.get("max_pixels").asLong()).isEqualTo(1 << 20);
    }
  }

  @Test
  void tlsIsSpokenAndPlainTextIsNot() throws Exception {
    TestCertificates.Pair pair = TestCertificates.make(folder, "endpoint");
    try (TlsMaterial tls =
            TlsMaterial.open(
                new TlsFiles(pair.certificate(), pair.key(), Optional.empty()),
                TlsMaterial.USUAL_PERIOD);
        OpenEndpoint open = new OpenEndpoint(b -> b.tls(tls))) {
      HttpClient trusting = HttpClient.newBuilder().sslContext(trust(pair)).build();

      HttpResponse<byte[]> answer =
          trusting.send(
              HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + open.port() + DECODE))
                  .POST(HttpRequest.BodyPublishers.ofByteArray(BODY))
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> open.get("/healthz")).isInstanceOf(IOException.class);
    }
  }

  @Test
  void noSuiteOfTheOldPaddingIsSpoken() throws Exception {
    TestCertificates.Pair pair = TestCertificates.make(folder, "endpoint");
    try (TlsMaterial tls =
            TlsMaterial.open(
                new TlsFiles(pair.certificate(), pair.key(), Optional.empty()),
                TlsMaterial.USUAL_PERIOD);
        OpenEndpoint open = new OpenEndpoint(b -> b.tls(tls))) {
      for (String suite : TestCertificates.suites(true)) {
        assertThatThrownBy(() -> handshake(pair, open.port(), suite))
            .as(suite)
            .isInstanceOf(IOException.class);
      }
      for (String suite : TestCertificates.suites(false)) {
        assertThat(handshake(pair, open.port(), suite)).isEqualTo(suite);
      }
    }
  }

  private static String handshake(TestCertificates.Pair pair, int port, String suite)
      throws Exception {
    try (SSLSocket socket =
        (SSLSocket) trust(pair).getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.setEnabledCipherSuites(new String[] {suite});
      socket.startHandshake();
      return socket.getSession().getCipherSuite();
    }
  }

  @Test
  void clientThatLeavesATlsConnectionIsNotComputedFor() throws Exception {
    TestCertificates.Pair pair = TestCertificates.make(folder, "endpoint");
    try (TlsMaterial tls =
            TlsMaterial.open(
                new TlsFiles(pair.certificate(), pair.key(), Optional.empty()),
                TlsMaterial.USUAL_PERIOD);
        OpenEndpoint open = new OpenEndpoint(b -> b.tls(tls))) {
      open.controls.hold();
      try (Socket socket = trust(pair).getSocketFactory().createSocket("127.0.0.1", open.port())) {
        String head =
            "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n"
                .formatted(DECODE, BODY.length);
        socket
            .getOutputStream()
            .write(TensorBytes.join(head.getBytes(StandardCharsets.UTF_8), BODY));
        Await.until("the decode to begin", () -> open.controls.inside.get() == 1);
      }
      Await.until("the call to be counted", () -> open.service.ledger().cancelled() == 1);
    }
  }

  private static SSLContext trust(TestCertificates.Pair pair) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(pair.certificate())) {
      store.setCertificateEntry(
          "endpoint", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
