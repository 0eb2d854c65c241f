package io.github.consistencydecoder.server.hostile;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

/**
 * What hostile and broken clients do to a server in a process of its own: its memory stays bounded,
 * others are served all the while, and when they have gone it is as before.
 */
@Timeout(600)
abstract class HostileClients {
  private static final long MB = 1_000_000;
  private static final int HEAP_MB = 1_024;

  private final List<AutoCloseable> attackers = new ArrayList<>();
  private ServerAlone server;
  private Others others;
  private MemoryWatch memory;
  private String test;

  /** Whether there is time. */
  abstract boolean longer();

  private int times(int few, int many) {
    return longer() ? many : few;
  }

  @BeforeEach
  void start(TestInfo info) throws Exception {
    test = info.getDisplayName();
    assumeTrue(ServerAlone.possible(), "skipped: memory is read from /proc, which is not here");
    server = ServerAlone.start(HEAP_MB, 0, 0);
    others = Others.start(server);
    // Until then the server compiles itself.
    others.serveAgain(times(20, 500));
    others.forget();
    memory = MemoryWatch.start(server);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable attacker : attackers) {
      attacker.close();
    }
    if (server != null) {
      others.end();
      server.close();
    }
  }

  private <T extends AutoCloseable> T attacker(T attacker) {
    attackers.add(attacker);
    return attacker;
  }

  /**
   * Ends the attack: the others were served all the while, memory outside of the heap never grew by
   * more than this, and nothing is left.
   */
  private void survived(long mostGrowth) throws Exception {
    others.serveAgain(5);
    long peak = memory.peakGrowth();
    System.out.printf(
        "%s: %s; native memory grew by at most %d MB%n", test, others.report(), peak / MB);
    for (AutoCloseable attacker : attackers) {
      attacker.close();
    }
    attackers.clear();
    others.serveAgain(5);
    assertThat(others.failures()).isEmpty();
    assertThat(peak).as("growth of native memory").isLessThan(mostGrowth);
    others.end();
    ServerLook after = server.awaitRest();
    assertThat(after.heap()).as("heap").isLessThan(64 * MB);
    assertThat(after.direct() - memory.before().direct()).as("buffers").isLessThan(32 * MB);
    assertThat(after.accepted()).isEqualTo(after.ended());
  }

  /** Of 512x512 in float32, 3 MiB each. */
  @Test
  void hundredSlowReadersOfGrpcHoldNoBuffers() throws Exception {
    DecodeRequest request =
        Others.request(Fixtures.latents(1, 1, 64, 64)).toBuilder()
            .setFormat(PictureFormat.PICTURE_FORMAT_FLOAT32)
            .build();
    List<SlowReader> readers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      readers.add(attacker(new SlowReader(server, request)));
    }
    Fixtures.await("all pictures", () -> readers.stream().allMatch(SlowReader::waits));
    others.serveAgain(times(20, 500));
    ServerLook look = server.look();
    assertThat(look.held()).isGreaterThan(100 * 3 * MB);
    assertThat(look.heap()).as("heap").isLessThan(600 * MB);
    survived(256 * MB);
  }

  /** Of 512x512 in float32: more than the connection's buffers take. */
  @Test
  void hundredSlowReadersOfHttpHoldNoBuffers() throws Exception {
    byte[] body = new byte[4 * 4 * 64 * 64];
    byte[] head =
        head("/?shape=1,4,64,64&dtype=float32&output_type=pt", "Content-Length: " + body.length);
    for (int i = 0; i < 100; i++) {
      Socket socket = attacker(new Socket());
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.httpPort));
      socket.getOutputStream().write(head);
      socket.getOutputStream().write(body);
    }
    long accepted = memory.before().accepted() + 100;
    Fixtures.await("all decodes", () -> server.look().accepted() >= accepted);
    others.serveAgain(times(20, 500));
    ServerLook look = server.look();
    assertThat(look.held()).isPositive();
    assertThat(look.heap()).as("heap").isLessThan(900 * MB);
    survived(256 * MB);
  }

  private static byte[] head(String target, String... headers) {
    return ("POST " + target + " HTTP/1.1\r\nHost: test\r\n" + String.join("\r\n", headers))
        .concat("\r\n\r\n")
        .getBytes(US_ASCII);
  }

  /** Nothing said, half a greeting, a greeting, a request that does not end. */
  private Socket idle(int port, int kind) throws IOException {
    Socket socket = attacker(ServerAlone.socket(port));
    switch (kind % 4) {
      case 1 -> socket.getOutputStream().write(RawFrames.PREFACE, 0, 12);
      case 2 -> {
        socket.getOutputStream().write(RawFrames.PREFACE);
        socket.getOutputStream().write(RawFrames.frame(RawFrames.SETTINGS, 0, 0, new byte[0]));
      }
      case 3 -> socket.getOutputStream().write("POST / HTTP/1.1\r\nHost: te".getBytes(US_ASCII));
      default -> {}
    }
    return socket;
  }

  @Test
  void thousandIdleConnectionsOfEachDoorCostLittle() throws Exception {
    for (int i = 0; i < 1_000; i++) {
      idle(server.grpcPort, i);
      idle(server.httpPort, i);
    }
    others.serveAgain(20);
    if (longer()) {
      // Who answers no ping in 2 minutes and 20 seconds has gone.
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(4);
      while (server.look().connections() > 1 && System.nanoTime() < end) {
        others.serveAgain(20);
      }
      assertThat(server.look().connections()).isEqualTo(1);
    }
    survived(128 * MB);
  }

  @Test
  void grpcConnectionsBeyondTheLimitAreClosedAndTheRestStays() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < HostedServer.CONNECTIONS - 1; i++) {
      sockets.add(idle(server.grpcPort, 2));
    }
    Fixtures.await(
        "all connections", () -> server.look().connections() == HostedServer.CONNECTIONS);
    for (int i = 0; i < 20; i++) {
      try (Socket late = ServerAlone.socket(server.grpcPort)) {
        assertThat(readToEnd(late)).isLessThan(100);
      }
    }
    assertThat(server.look().connections()).isEqualTo(HostedServer.CONNECTIONS);
    others.serveAgain(20);
    sockets.get(0).close();
    Fixtures.await("room again", () -> server.look().connections() == HostedServer.CONNECTIONS - 1);
    ManagedChannel channel = server.channel();
    attacker(channel::shutdownNow);
    var unused = DecoderServiceGrpc.newBlockingStub(channel).decode(Others.request(Others.LATENTS));
    survived(64 * MB);
  }

  /** Bytes until the server closes, or resets. */
  private static int readToEnd(Socket socket) throws IOException {
    try {
      return socket.getInputStream().readAllBytes().length;
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("the connection stays", e);
    } catch (IOException reset) {
      return 0;
    }
  }

  /**
   * Writes the same bytes until the other side has enough.
   *
   * @return how many were written
   */
  private static long pour(OutputStream out, byte[] bytes, long most) {
    long written = 0;
    try {
      while (written < most) {
        out.write(bytes);
        written += bytes.length;
      }
    } catch (IOException closed) {
      // As it should.
    }
    return written;
  }

  @Test
  void oversizedMessagesAreNotKept() throws Exception {
    byte[] data = RawFrames.frame(RawFrames.DATA, 0, 1, new byte[16_384]);
    for (int i = 0; i < times(40, 400); i++) {
      try (RawFrames raw = new RawFrames(server.grpcPort)) {
        byte[] headers = RawFrames.call(true, "x", "y");
        raw.write(RawFrames.frame(RawFrames.HEADERS, RawFrames.END_HEADERS, 1, headers));
        raw.write(RawFrames.frame(RawFrames.DATA, 0, 1, new byte[] {0, 0x7f, -1, -1, -1}));
        pour(raw.socket.getOutputStream(), data, 2 << 20);
      }
      try (Socket socket = ServerAlone.socket(server.httpPort)) {
        boolean chunked = i % 2 == 0;
        String length = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 9999999999";
        socket.getOutputStream().write(head(Others.QUERY, length));
        byte[] chunk = ("4000\r\n" + "x".repeat(0x4000) + "\r\n").getBytes(US_ASCII);
        pour(socket.getOutputStream(), chunk, 2 << 20);
      }
    }
    survived(96 * MB);
  }

  private static byte[] bomb(long bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] zeros = new byte[1 << 16];
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      for (long i = 0; i < bytes; i += zeros.length) {
        gzip.write(zeros);
      }
    }
    return out.toByteArray();
  }

  /** Says that it compresses, and gives the same whatever it gets. */
  private record Bomb(byte[] compressed) implements Compressor {
    @Override
    public String getMessageEncoding() {
      return "gzip";
    }

    @Override
    public OutputStream compress(OutputStream out) {
      return new OutputStream() {
        @Override
        public void write(int b) {}

        @Override
        public void close() throws IOException {
          out.write(compressed);
          out.close();
        }
      };
    }
  }

  @Test
  void compressedBombsAreNotUnpacked() throws Exception {
    byte[] bomb = bomb(longer() ? 1L << 30 : 128L << 20);
    CompressorRegistry registry = CompressorRegistry.newEmptyInstance();
    registry.register(new Bomb(bomb));
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                InetAddress.getLoopbackAddress().getHostAddress(), server.grpcPort)
            .usePlaintext()
            .compressorRegistry(registry)
            .build();
    attacker(channel::shutdownNow);
    var stub = DecoderServiceGrpc.newBlockingStub(channel).withCompression("gzip");
    byte[] head = head(Others.QUERY, "Content-Encoding: gzip", "Content-Length: " + bomb.length);
    for (int i = 0; i < times(20, 200); i++) {
      try {
        var unused = stub.decode(Others.request(Others.LATENTS));
        throw new AssertionError("a bomb was answered");
      } catch (StatusRuntimeException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      }
      try (Socket socket = ServerAlone.socket(server.httpPort)) {
        socket.getOutputStream().write(head);
        String answer =
            new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        assertThat(answer).isIn("HTTP/1.1 400", "HTTP/1.1 415");
      }
    }
    survived(96 * MB);
  }

  @Test
  void binaryHeadersThatAreNotBase64EndTheirCallAlone() throws Exception {
    byte[] headers = RawFrames.call(true, "x-odd-bin", "!!! this is none !!!");
    for (int i = 0; i < times(20, 500); i++) {
      try (RawFrames raw = new RawFrames(server.grpcPort)) {
        for (int stream = 1; stream < 30; stream += 2) {
          raw.write(RawFrames.frame(RawFrames.HEADERS, RawFrames.END_HEADERS, stream, headers));
          raw.awaitReset(stream);
        }
      }
    }
    survived(64 * MB);
  }

  @Test
  void floodsOfHeadersEndTheirConnectionAlone() throws Exception {
    byte[] filler = RawFrames.block(Map.of("x-filler", "f".repeat(16_000)));
    byte[] full = RawFrames.frame(RawFrames.CONTINUATION, 0, 1, filler);
    byte[] empty = RawFrames.frame(RawFrames.CONTINUATION, 0, 1, new byte[0]);
    long most = (long) times(64, 1_024) << 20;
    for (int port : new int[] {server.grpcPort, server.httpPort}) {
      byte[] start = RawFrames.call(port == server.grpcPort, "x", "y");
      for (byte[] rest : List.of(full, empty)) {
        try (RawFrames raw = new RawFrames(port)) {
          raw.write(RawFrames.frame(RawFrames.HEADERS, 0, 1, start));
          long written = pour(raw.socket.getOutputStream(), rest, most);
          assertThat(written).as("bytes of a flood of " + rest.length).isLessThan(most);
        }
      }
    }
    byte[] line = ("x-filler: " + "f".repeat(1_000) + "\r\n").getBytes(US_ASCII);
    try (Socket socket = ServerAlone.socket(server.httpPort)) {
      socket.getOutputStream().write("POST / HTTP/1.1\r\nHost: test\r\n".getBytes(US_ASCII));
      assertThat(pour(socket.getOutputStream(), line, most)).isLessThan(most);
    }
    survived(64 * MB);
  }

  @Test
  void rapidResetsOfGrpcAreStopped() throws Exception {
    rapidResets(true);
  }

  @Test
  void rapidResetsOfHttpAreStopped() throws Exception {
    rapidResets(false);
  }

  /** 10,000 calls a second that are begun and reset, on one connection after another. */
  private void rapidResets(boolean grpc) throws Exception {
    int port = grpc ? server.grpcPort : server.httpPort;
    RapidReset attack = new RapidReset(port, RawFrames.call(grpc, "x", "y"), 10_000);
    double seconds = attack.run(TimeUnit.SECONDS.toNanos(times(3, 60)));
    System.out.printf(
        "rapid reset: %.0f a second on %d connections%n",
        attack.resets() / seconds, attack.connections());
    assertThat(attack.resets() / seconds).as("resets a second").isGreaterThan(1_000);
    assertThat(attack.connections()).as("connections that were ended").isGreaterThan(5);
    survived(96 * MB);
  }
}
