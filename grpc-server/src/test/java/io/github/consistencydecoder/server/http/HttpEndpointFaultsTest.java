package io.github.consistencydecoder.server.http;

import static io.github.consistencydecoder.server.http.OpenEndpoint.body;
import static io.github.consistencydecoder.server.http.OpenEndpoint.error;
import static io.github.consistencydecoder.server.http.RawAnswer.RawRequests.BODY;
import static io.github.consistencydecoder.server.http.RawAnswer.RawRequests.DECODE;
import static io.github.consistencydecoder.server.http.RawAnswer.RawRequests.decodeRequest;
import static io.github.consistencydecoder.server.http.RawAnswer.RawRequests.head;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients do wrong or to each other, and what the endpoint does about it. */
@Timeout(60)
final class HttpEndpointFaultsTest {
  @AutoClose private OpenEndpoint open;

  @Test
  void clientThatLeavesIsNotComputedFor() throws Exception {
    open = new OpenEndpoint();
    open.controls.hold();
    try (Socket socket = open.socket()) {
      socket.getOutputStream().write(decodeRequest());
      Await.until("the decode to begin", () -> open.controls.inside.get() == 1);
    }

    Await.until("the decode to end", () -> open.controls.inside.get() == 0);
    Await.until("the call to be counted", () -> open.service.ledger().cancelled() == 1);
    Await.until("its bytes to be given back", () -> open.endpoint.bytesInFlight() == 0);
  }

  @Test
  void clientOfHttp2ThatResetsItsStreamIsNotComputedFor() throws Exception {
    open = new OpenEndpoint();
    HttpClient h2 = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
    HttpResponse<String> first =
        h2.send(
            HttpRequest.newBuilder(open.uri("/healthz")).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(first.version()).isEqualTo(HttpClient.Version.HTTP_2);
    open.controls.hold();
    int before = open.controls.begun.get();

    CompletableFuture<HttpResponse<byte[]>> call =
        h2.sendAsync(
            HttpRequest.newBuilder(open.uri(DECODE))
                .POST(HttpRequest.BodyPublishers.ofByteArray(BODY))
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
    Await.until("the decode to begin", () -> open.controls.begun.get() > before);
    call.cancel(true);

    Await.until("the call to be counted", () -> open.service.ledger().cancelled() == 1);
    Await.until("its bytes to be given back", () -> open.endpoint.bytesInFlight() == 0);
  }

  @Test
  void clientThatClosesItsDirectionIsTakenForGone() throws Exception {
    open = new OpenEndpoint();
    open.controls.hold();
    try (Socket socket = open.socket()) {
      socket.getOutputStream().write(decodeRequest());
      Await.until("the decode to begin", () -> open.controls.inside.get() == 1);
      socket.shutdownOutput();

      assertThat(socket.getInputStream().readAllBytes()).isEmpty();
    }
    Await.until("the call to be counted", () -> open.service.ledger().cancelled() == 1);
  }

  @Test
  void waitingCallOfAClientThatLeavesIsTakenOutOfTheQueue() throws Exception {
    open = new OpenEndpoint();
    open.controls.hold();
    int before = open.controls.begun.get();
    try (Socket first = open.socket()) {
      first.getOutputStream().write(decodeRequest());
      Await.until("the first to begin", () -> open.controls.inside.get() == 1);
      try (Socket second = open.socket()) {
        second.getOutputStream().write(decodeRequest());
        Await.until("the second to wait", () -> open.service.ledger().accepted() == 2);
      }
      Await.until("the second to be counted", () -> open.service.ledger().cancelled() == 1);
      open.controls.release();
      assertThat(RawAnswer.read(first).status()).isEqualTo(200);
    }
    assertThat(open.controls.begun.get()).isEqualTo(before + 1);
  }

  @Test
  void requestsSentAheadAreAnsweredInOrder() throws Exception {
    open = new OpenEndpoint();
    open.controls.stepTime = Duration.ofMillis(20);
    try (Socket socket = open.socket()) {
      OutputStream out = socket.getOutputStream();
      out.write(decodeRequest("x-request-id: a"));
      out.flush();
      Await.until("the first to be taken", () -> open.service.ledger().accepted() == 1);
      out.write(decodeRequest("x-request-id: b"));
      out.write(head("GET", "/healthz", "x-request-id: c"));

      for (String id : List.of("a", "b", "c")) {
        RawAnswer answer = RawAnswer.read(socket);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("x-request-id")).isEqualTo(id);
      }
    }
    assertThat(open.service.ledger().completed()).isEqualTo(2);
  }

  @Test
  void bodyThatStopsIsTimedOutInWords() throws Exception {
    open = new OpenEndpoint(b -> b.bodyTime(Duration.ofMillis(200)));
    try (Socket socket = open.socket()) {
      socket.getOutputStream().write(head("POST", DECODE, "Content-Length: " + BODY.length));
      socket.getOutputStream().write(BODY, 0, 100);

      RawAnswer answer = RawAnswer.read(socket);

      assertThat(answer.status()).isEqualTo(408);
      assertThat(error(answer.body())).contains("too slowly");
    }
    Await.until("its bytes to be given back", () -> open.endpoint.bytesInFlight() == 0);
  }

  @Test
  void bytesThatTravelAreBoundedTogether() throws Exception {
    open = new OpenEndpoint(b -> b.bytes(new ByteBudget(2L * BODY.length)));
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 2; i++) {
        slow.add(open.socket());
        slow.get(i).getOutputStream().write(head("POST", DECODE, "Content-Length: " + BODY.length));
      }
      Await.until("both to be read", () -> open.endpoint.bytesInFlight() == 2L * BODY.length);

      HttpResponse<byte[]> third = open.post(DECODE, BODY);

      assertThat(third.statusCode()).isEqualTo(429);
      assertThat(third.headers().firstValue("retry-after")).contains("1");
      slow.get(0).getOutputStream().write(BODY);
      assertThat(RawAnswer.read(slow.get(0)).status()).isEqualTo(200);
      Await.until("its bytes to be given back", () -> open.endpoint.bytesInFlight() == BODY.length);
      assertThat(open.post(DECODE, BODY).statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void chunkedBodyIsTakenUpToWhatItsShapeNeeds() throws Exception {
    open = new OpenEndpoint();
    byte[] good =
        TensorBytes.join(
            head("POST", DECODE, "Transfer-Encoding: chunked", "Connection: close"),
            (Integer.toHexString(BODY.length) + "\r\n").getBytes(StandardCharsets.US_ASCII),
            BODY,
            "\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    byte[] long1 =
        TensorBytes.join(
            head("POST", DECODE, "Transfer-Encoding: chunked", "Connection: close"),
            (Integer.toHexString(BODY.length + 1) + "\r\n").getBytes(StandardCharsets.US_ASCII),
            BODY,
            "x\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

    try (Socket socket = open.socket()) {
      socket.getOutputStream().write(good);
      assertThat(RawAnswer.read(socket).status()).isEqualTo(200);
    }
    try (Socket socket = open.socket()) {
      socket.getOutputStream().write(long1);
      RawAnswer answer = RawAnswer.read(socket);
      assertThat(answer.status()).isEqualTo(413);
      assertThat(error(answer.body())).contains("limit of 1024 bytes");
    }
  }

  @Test
  void hugeAnnouncedBodyIsRefusedBeforeItComes() throws Exception {
    open = new OpenEndpoint();
    try (Socket socket = open.socket()) {
      socket
          .getOutputStream()
          .write(
              head(
                  "POST",
                  "/?output_type=pt",
                  "Content-Type: application/x-npy",
                  "Content-Length: 99999999999"));

      RawAnswer answer = RawAnswer.read(socket);

      assertThat(answer.status()).isEqualTo(413);
      assertThat(error(answer.body())).contains("99999999999");
    }
  }

  @Test
  void clientThatIsStillSendingHearsWhyItWasRefused() throws Exception {
    open = new OpenEndpoint();
    byte[] large = new byte[20 << 20];

    HttpResponse<byte[]> response =
        open.post("/?output_type=pt&shape=1,4,8,8&dtype=float64", large);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(error(response)).contains("none of float32");
  }

  @Test
  void fullQueueIsToldWhenToComeBack() throws Exception {
    open = new OpenEndpoint();
    byte[] large = body(SampleLatents.scaled(1, 1, 64, 64), TensorType.FLOAT32);
    String query = DECODE.replace("1,4,8,8", "1,4,64,64");
    open.controls.stepTime = Duration.ofMillis(150);
    // So that the service has seen how long it takes; its queue holds two seconds of work.
    assertThat(open.post(query, large).statusCode()).isEqualTo(200);
    open.controls.hold();
    List<CompletableFuture<HttpResponse<byte[]>>> calls = new ArrayList<>();
    HttpResponse<byte[]> refused = null;
    for (int i = 0; i < 60 && refused == null; i++) {
      HttpRequest request =
          HttpRequest.newBuilder(open.uri(query))
              .POST(HttpRequest.BodyPublishers.ofByteArray(large))
              .build();
      long before = open.service.ledger().accepted();
      CompletableFuture<HttpResponse<byte[]>> call =
          open.client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
      Await.until(
          "the call to be taken or refused",
          () -> call.isDone() || open.service.ledger().accepted() > before);
      if (call.isDone()) {
        refused = call.get();
      } else {
        calls.add(call);
      }
    }

    assertThat(refused).isNotNull();
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(Integer.parseInt(refused.headers().firstValue("retry-after").orElseThrow()))
        .isPositive();
    assertThat(error(refused)).isNotEmpty();
    open.controls.stepTime = Duration.ZERO;
    open.controls.release();
    for (CompletableFuture<HttpResponse<byte[]>> call : calls) {
      assertThat(call.get().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void callThatIsNotDoneInItsTimeIsAGatewayTimeout() throws Exception {
    open = new OpenEndpoint();
    open.controls.hold();

    HttpResponse<byte[]> response = open.post(DECODE + "&timeout=0.3", BODY);

    assertThat(response.statusCode()).isEqualTo(504);
    assertThat(error(response)).isNotEmpty();
  }

  @Test
  void drainingServerSaysSoAndFinishesWhatItHas() throws Exception {
    open = new OpenEndpoint();
    open.controls.hold();
    try (Socket socket = open.socket()) {
      socket.getOutputStream().write(decodeRequest());
      Await.until("the decode to begin", () -> open.controls.inside.get() == 1);
      CompletableFuture<Void> drained =
          CompletableFuture.runAsync(
              () -> {
                try {
                  open.service.drain(Duration.ofSeconds(20));
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      Await.until(
          "the drain to begin",
          () ->
              open.service.readiness()
                  == io.github.consistencydecoder.server.queue.Readiness.DRAINING);

      HttpResponse<byte[]> ready = open.get("/readyz");
      HttpResponse<byte[]> late = open.post(DECODE, BODY);
      open.controls.release();

      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(error(ready)).contains("shutting down");
      assertThat(late.statusCode()).isEqualTo(503);
      assertThat(late.headers().firstValue("retry-after")).isPresent();
      assertThat(RawAnswer.read(socket).status()).isEqualTo(200);
      drained.join();
      assertThat(open.get("/healthz").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void failureOfTheDecoderIsAnIncidentAndNothingElse() throws Exception {
    open = new OpenEndpoint();
    open.controls.failNext(new IllegalStateException("/secret/path of class Foo"));

    HttpResponse<byte[]> response = open.post(DECODE, BODY);

    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(error(response)).startsWith("internal error, incident ").doesNotContain("secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "G\u0001T / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a%2fb HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: rot13\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n",
        "PRI * HTTP/2.0\r\nx: y\r\n\r\n",
        "POST /?seed=1 HTTP/1.1\r\nHost: [::]\r\nAccept: =\"M*/*\r\nContent-Length: 1\r\n\r\nx",
      })
  void requestsThatAreNoHttpGetAJsonError(String request) throws Exception {
    open = new OpenEndpoint();

    RawAnswer answer = RawAnswer.of(open.raw(request.getBytes(StandardCharsets.ISO_8859_1), 500));

    assertThat(answer.status()).isBetween(400, 505).isNotEqualTo(500);
    assertThat(answer.header("content-type")).isEqualTo("application/json");
    assertThat(error(answer.body())).isNotEmpty().doesNotContainIgnoringCase("jetty");
  }

  @Test
  void headersThatAreTooLargeAndAddressesThatAreTooLongAreRefused() throws Exception {
    open = new OpenEndpoint();

    RawAnswer headers = RawAnswer.of(open.raw(head("GET", "/", "a: " + "b".repeat(9000))));
    RawAnswer address = RawAnswer.of(open.raw(head("GET", "/" + "a".repeat(9000))));

    assertThat(headers.status()).isEqualTo(431);
    assertThat(error(headers.body())).isNotEmpty();
    assertThat(address.status()).isEqualTo(414);
    assertThat(error(address.body())).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"zz\r\nabc", "5\r\nab", "fffffffff\r\n", "-1\r\nx"})
  void brokenChunksNeverReachTheService(String chunks) throws Exception {
    open = new OpenEndpoint();

    byte[] answer =
        open.raw(
            TensorBytes.join(
                head("POST", DECODE, "Transfer-Encoding: chunked"),
                chunks.getBytes(StandardCharsets.US_ASCII)),
            200);

    if (answer.length > 0) {
      RawAnswer raw = RawAnswer.of(answer);
      assertThat(raw.status()).isBetween(400, 499);
      assertThat(error(raw.body())).isNotEmpty();
    }
    assertThat(open.service.ledger().accepted()).isZero();
    Await.until("its bytes to be given back", () -> open.endpoint.bytesInFlight() == 0);
  }
}
