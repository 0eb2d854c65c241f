package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedOutputStream;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What no client of ours would send is the caller's error and costs little. */
class MalformedTest {
  private static final byte[] VALID =
      OpenEndpoint.request(SampleLatents.scaled(1, 1, 4, 4)).build().toByteArray();

  private static QueuedDecodeService service;
  private static OpenEndpoint endpoint;
  private RawHttp2 client;

  @BeforeAll
  static void open() {
    service = Fixtures.service(new FakeDecoder.Controls());
    endpoint = OpenEndpoint.over(service);
  }

  @AfterAll
  static void closeAll() {
    endpoint.close();
    service.close();
  }

  @BeforeEach
  void connect() throws InterruptedException {
    client = new RawHttp2(endpoint.endpoint.port());
  }

  @AfterEach
  void closeAndLookAtWhatIsHeld() {
    client.close();
    Await.until("all bytes to be free", () -> endpoint.endpoint.bytesInFlight().held() == 0);
    DecodeResponse answer =
        endpoint.decoder().decode(OpenEndpoint.request(SampleLatents.scaled(1, 1, 1, 1)).build());
    assertThat(answer.getPictures().getTensor().getData().size()).isEqualTo(192);
  }

  private static void is(Map<String, String> answer, Status.Code code, String message) {
    assertThat(answer)
        .containsEntry("grpc-status", Integer.toString(code.value()))
        .hasEntrySatisfying("grpc-message", m -> assertThat(m).contains(message));
  }

  @Test
  void ordinaryCallIsAnswered() throws Exception {
    assertThat(client.call(RawHttp2.headers(), RawHttp2.framed(0, VALID)))
        .containsEntry("grpc-status", "0");
  }

  @Test
  void ordinaryCallInSingleBytesIsAnswered() throws Exception {
    byte[] framed = RawHttp2.framed(0, VALID);
    byte[][] frames = new byte[framed.length][];
    for (int i = 0; i < framed.length; i++) {
      frames[i] = new byte[] {framed[i]};
    }
    assertThat(client.call(RawHttp2.headers(), frames)).containsEntry("grpc-status", "0");
  }

  @Test
  void bytesThatAreNoMessageAreInvalid() throws Exception {
    byte[] noise = {(byte) 0xff, 1, 2, 3};
    is(
        client.call(RawHttp2.headers(), RawHttp2.framed(0, noise)),
        Status.Code.INVALID_ARGUMENT,
        "no message of type DecodeRequest");
  }

  @Test
  void textThatIsNotUtf8IsInvalid() throws Exception {
    byte[] model = {0x0a, 2, (byte) 0xc3, 0x28};
    is(
        client.call(RawHttp2.headers(), RawHttp2.framed(0, model)),
        Status.Code.INVALID_ARGUMENT,
        "no message");
  }

  @Test
  void noMessageIsInvalid() throws Exception {
    is(client.call(RawHttp2.headers(), new byte[0]), Status.Code.INVALID_ARGUMENT, "none came");
  }

  @Test
  void twoMessagesAreInvalid() throws Exception {
    is(
        client.call(RawHttp2.headers(), RawHttp2.framed(0, VALID), RawHttp2.framed(0, VALID)),
        Status.Code.INVALID_ARGUMENT,
        "a second one came");
  }

  @Test
  void messageThatIsCutOffIsInvalid() throws Exception {
    byte[] framed = RawHttp2.framed(0, VALID);
    for (int length : new int[] {1, 4, 6, framed.length - 1}) {
      is(
          client.call(RawHttp2.headers(), Arrays.copyOf(framed, length)),
          Status.Code.INVALID_ARGUMENT,
          "ends within a message");
    }
  }

  @Test
  void unknownFlagsAreInvalid() throws Exception {
    is(
        client.call(RawHttp2.headers(), RawHttp2.framed(0x82, VALID)),
        Status.Code.INVALID_ARGUMENT,
        "flags 130");
  }

  @Test
  void compressionThatWasNotNamedIsInvalid() throws Exception {
    is(
        client.call(RawHttp2.headers(), RawHttp2.framed(1, VALID)),
        Status.Code.INVALID_ARGUMENT,
        "compressed, but not how");
  }

  @Test
  void damagedCompressionIsInvalid() throws Exception {
    byte[] packed = gzip(VALID);
    for (int at : new int[] {0, 3, 20, packed.length - 1}) {
      byte[] damaged = packed.clone();
      damaged[at] ^= 0x55;
      is(
          client.call(RawHttp2.headers("grpc-encoding", "gzip"), RawHttp2.framed(1, damaged)),
          Status.Code.INVALID_ARGUMENT,
          "");
    }
    is(
        client.call(
            RawHttp2.headers("grpc-encoding", "gzip"),
            RawHttp2.framed(1, Arrays.copyOf(packed, 30))),
        Status.Code.INVALID_ARGUMENT,
        "damaged");
  }

  @Test
  void compressedCallIsAnswered() throws Exception {
    assertThat(
            client.call(RawHttp2.headers("grpc-encoding", "gzip"), RawHttp2.framed(1, gzip(VALID))))
        .containsEntry("grpc-status", "0");
  }

  @Test
  void unknownCompressionIsUnimplemented() throws Exception {
    is(
        client.call(RawHttp2.headers("grpc-encoding", "zip"), RawHttp2.framed(1, VALID)),
        Status.Code.UNIMPLEMENTED,
        "");
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    }
    return out.toByteArray();
  }

  @Test
  void compressedBombIsRefusedAtTheLimitOfTheMethod() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 512; i++) {
        gzip.write(zeros);
      }
    }
    long before = endpoint.endpoint.bytesInFlight().peak();
    is(
        client.call(
            RawHttp2.headers("grpc-encoding", "gzip"), RawHttp2.framed(1, out.toByteArray())),
        Status.Code.RESOURCE_EXHAUSTED,
        "longer than the limit");
    assertThat(endpoint.endpoint.bytesInFlight().peak() - before)
        .isLessThan(Fixtures.limits().maxRequestBytes() + (1 << 20));
    Map<String, String> small =
        client.call(
            smallMethod("grpc-encoding", "gzip"), RawHttp2.framed(1, gzip(new byte[1 << 20])));
    is(small, Status.Code.RESOURCE_EXHAUSTED, "limit of 65536");
  }

  private static Map<String, String> smallMethod(String name, String value) {
    Map<String, String> headers =
        RawHttp2.headers(":path", "/consistencydecoder.v1.DecoderService/ListModels");
    headers.put(name, value);
    return headers;
  }

  @Test
  void messageOverTheLimitIsRefusedByItsPrefix() throws Exception {
    long limit = Fixtures.limits().maxRequestBytes();
    byte[] prefix = RawHttp2.framed(0, new byte[0]);
    int claimed = (int) limit + 1;
    for (int i = 0; i < 4; i++) {
      prefix[1 + i] = (byte) (claimed >>> (24 - 8 * i));
    }
    Map<String, String> answer = client.call(RawHttp2.headers(), false, prefix);
    is(answer, Status.Code.RESOURCE_EXHAUSTED, "limit of " + limit);
    assertThat(answer).containsEntry("grpc-retry-pushback-ms", "-1");
    Arrays.fill(prefix, 1, 5, (byte) 0xff);
    is(client.call(RawHttp2.headers(), false, prefix), Status.Code.RESOURCE_EXHAUSTED, "limit");
    is(
        client.call(smallMethod("x", "y"), false, RawHttp2.framed(0, new byte[65537])),
        Status.Code.RESOURCE_EXHAUSTED,
        "limit of 65536");
  }

  @Test
  void messageOfManyTinyFieldsIsRefusedBeforeItIsParsed() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    CodedOutputStream coded = CodedOutputStream.newInstance(out);
    ByteArrayOutputStream inner = new ByteArrayOutputStream();
    CodedOutputStream steps = CodedOutputStream.newInstance(inner);
    for (int i = 0; i < 30_000; i++) {
      steps.writeByteArray(1, new byte[0]);
    }
    steps.flush();
    ByteArrayOutputStream noise = new ByteArrayOutputStream();
    CodedOutputStream given = CodedOutputStream.newInstance(noise);
    given.writeByteArray(3, inner.toByteArray());
    given.flush();
    coded.writeByteArray(3, noise.toByteArray());
    coded.flush();
    is(
        client.call(RawHttp2.headers(), RawHttp2.framed(0, out.toByteArray())),
        Status.Code.INVALID_ARGUMENT,
        "more than 20000 fields");
  }

  @Test
  void unknownMethodIsUnimplemented() throws Exception {
    is(
        client.call(RawHttp2.headers(":path", "/no/Such"), RawHttp2.framed(0, VALID)),
        Status.Code.UNIMPLEMENTED,
        "");
    for (String path : new String[] {"", "/", "no/Such", "*"}) {
      assertThat(client.call(RawHttp2.headers(":path", path), RawHttp2.framed(0, VALID)))
          .containsEntry(":status", "404")
          .containsEntry("grpc-status", Integer.toString(Status.Code.UNIMPLEMENTED.value()));
    }
  }

  @Test
  void requestsThatAreNotGrpcAreClientErrors() throws Exception {
    assertThat(client.call(RawHttp2.headers(":method", "GET"), RawHttp2.framed(0, VALID)))
        .containsEntry(":status", "405")
        .containsEntry("grpc-status", "3");
    for (String type : new String[] {"text/html", "application/grpcx", ""}) {
      assertThat(client.call(RawHttp2.headers("content-type", type), RawHttp2.framed(0, VALID)))
          .containsEntry(":status", "415")
          .containsEntry("grpc-status", "3");
    }
    Map<String, String> none = RawHttp2.headers();
    none.remove("content-type");
    assertThat(client.call(none, RawHttp2.framed(0, VALID))).containsEntry(":status", "415");
  }

  @Test
  void timeOutsThatAreNoneAreInvalid() throws Exception {
    for (String timeout : new String[] {"", "S", "5", "-5S", "123456789S", "5 S", "1x"}) {
      is(
          client.call(RawHttp2.headers("grpc-timeout", timeout), RawHttp2.framed(0, VALID)),
          Status.Code.INVALID_ARGUMENT,
          "grpc-timeout");
    }
    assertThat(client.call(RawHttp2.headers("grpc-timeout", "9S"), RawHttp2.framed(0, VALID)))
        .containsEntry("grpc-status", "0");
  }

  @Test
  void oddRequestIdsAreReplaced() throws Exception {
    for (String id : new String[] {"", "a b", "<script>", "x".repeat(65)}) {
      Map<String, String> answer =
          client.call(RawHttp2.headers("x-request-id", id), RawHttp2.framed(0, VALID));
      assertThat(answer.get("x-request-id")).matches("[0-9a-f]{16}");
    }
    assertThat(client.call(RawHttp2.headers("x-request-id", "mine-1"), RawHttp2.framed(0, VALID)))
        .containsEntry("x-request-id", "mine-1");
    assertThat(client.call(RawHttp2.headers("x-request-id", "mine-2"), RawHttp2.framed(0, noise())))
        .containsEntry("x-request-id", "mine-2");
  }

  private static byte[] noise() {
    return new byte[] {(byte) 0xff};
  }

  @Test
  void mutatedMessagesAreAnsweredWithClientErrorsOnly() throws Exception {
    Mutations.run(endpoint, 2_000, 1);
  }

  @Test
  void garbageOnTheSocketHarmsNobody() throws IOException {
    Random random = new Random(9);
    byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 100; i++) {
      byte[] garbage = new byte[1 + random.nextInt(3000)];
      random.nextBytes(garbage);
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.endpoint.port())) {
        socket.setSoTimeout(10_000);
        OutputStream out = socket.getOutputStream();
        if (i % 2 == 0) {
          out.write(preface);
          out.write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
        }
        if (i % 4 == 0) {
          // a frame of a plausible length, type and stream
          out.write(new byte[] {0, 0, (byte) random.nextInt(200), (byte) random.nextInt(10)});
          out.write(new byte[] {(byte) random.nextInt(64), 0, 0, 0, (byte) random.nextInt(8)});
        }
        out.write(garbage);
        out.flush();
        socket.shutdownOutput();
        String answer = new String(readAll(socket), StandardCharsets.ISO_8859_1);
        assertThat(answer).doesNotContain("io.grpc", "io.netty", "java.", "Exception", "/work");
      } catch (IOException e) {
        assertThat(e.getMessage()).containsAnyOf("reset", "Broken pipe", "aborted");
      }
    }
  }

  private static byte[] readAll(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    return in.readNBytes(1 << 20);
  }
}
