package io.github.consistencydecoder.server.hostile;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.server.hostile.RawFrames.RapidReset;
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
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** {@link HostileClients} that send what is too large, or wrong, or too often. */
abstract class HostileMessages extends HostileClients {
  /** Connections; more where the server has the time to notice. */
  private static final int LEAST_ENDED = 6;

  @Override
  final boolean together() {
    return !longer();
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

  private static String status(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes(12), US_ASCII);
  }

  @Test
  void oversizedMessagesAreNotKept() throws Exception {
    byte[] headers = RawFrames.call(true, "x", "y");
    byte[] data = RawFrames.frame(RawFrames.DATA, 0, 1, new byte[16_384]);
    long most = 64 << 20;
    for (int i = 0; i < times(5, 400); i++) {
      try (RawFrames raw = new RawFrames(server.grpcPort)) {
        raw.write(RawFrames.frame(RawFrames.HEADERS, RawFrames.END_HEADERS, 1, headers));
        raw.write(RawFrames.frame(RawFrames.DATA, 0, 1, new byte[] {0, 0x7f, -1, -1, -1}));
        long written = pour(raw.socket.getOutputStream(), data, most);
        assertThat(written).as("bytes of a message of 2 GiB").isLessThan(most);
      }
    }
    survived(96 * MB);
  }

  @Test
  void oversizedBodiesAreRefusedAndNotKept() throws Exception {
    String npy = "Content-Type: application/x-npy";
    byte[] announced = head("/?output_type=pt", npy, "Content-Length: 9999999999");
    byte[] endless = head(Others.QUERY, "Transfer-Encoding: chunked");
    byte[] chunk = ("4000\r\n" + "x".repeat(0x4000) + "\r\n").getBytes(US_ASCII);
    // The server reads 64 MiB on, so that the client hears why; as much again may be under way.
    long most = 128 << 20;
    for (int i = 0; i < times(6, 400); i++) {
      try (Socket socket = ServerAlone.socket(server.httpPort)) {
        socket.getOutputStream().write(i % 2 == 0 ? announced : endless);
        socket.getOutputStream().write(chunk);
        assertThat(status(socket)).isEqualTo("HTTP/1.1 413");
        long written = pour(socket.getOutputStream(), chunk, 32 << 20);
        requireBelow(48 * MB, "heap", server.look().heap());
        written += pour(socket.getOutputStream(), chunk, most - written);
        assertThat(written).as("bytes of a body that was refused").isLessThan(most);
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
        assertThat(status(socket)).isIn("HTTP/1.1 400", "HTTP/1.1 415");
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
      socket.getOutputStream().write("POST / HTTP/1.1\r\nHost: localhost\r\n".getBytes(US_ASCII));
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

  /** At most 10,000 calls a second that are begun and reset, on one connection after another. */
  private void rapidResets(boolean grpc) throws Exception {
    int port = grpc ? server.grpcPort : server.httpPort;
    RapidReset attack = new RapidReset(port, RawFrames.call(grpc, "x", "y"), 10_000);
    long least = times(15_000, 600_000);
    double seconds = attack.run(least, LEAST_ENDED, Duration.ofMinutes(times(2, 8)));
    System.out.printf(
        "rapid reset: %.0f a second, %d connections ended%n",
        attack.resets() / seconds, attack.ended());
    assertThat(attack.resets()).as("resets").isGreaterThanOrEqualTo(least);
    assertThat(attack.ended()).as("connections ended").isGreaterThanOrEqualTo(LEAST_ENDED);
    survived(96 * MB);
  }
}
