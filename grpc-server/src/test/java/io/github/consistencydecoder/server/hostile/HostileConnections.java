package io.github.consistencydecoder.server.hostile;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse.EventCase;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.server.hostile.HostedServer.ServerLook;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@link HostileClients} that are many and do little; each test has a server of its own. */
abstract class HostileConnections extends HostileClients {
  /** Bytes of 100 pictures of 512x512 in float32. */
  private static final long PICTURES = 100L * 3 * 512 * 512 * Float.BYTES;

  @Override
  final boolean together() {
    return false;
  }

  @Test
  void hundredSlowReadersOfGrpcHoldNoBuffers() throws Exception {
    DecodeRequest request =
        Others.request(SampleLatents.scaled(1, 1, 64, 64)).toBuilder()
            .setFormat(PictureFormat.PICTURE_FORMAT_FLOAT32)
            .build();
    List<SlowReader> readers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      readers.add(attacker(new SlowReader(server, request)));
    }
    Await.until("all pictures", () -> readers.stream().allMatch(SlowReader::waits));
    others.serveAgain(times(20, 500));
    ServerLook look = server.look();
    assertThat(look.held()).as("what waits").isGreaterThanOrEqualTo(PICTURES);
    requireBelow(PICTURES + 64 * MB, "heap", look.heap());
    survived(256 * MB);
  }

  /** More than the connection's buffers take. */
  @Test
  void hundredSlowReadersOfHttpHoldNoBuffers() throws Exception {
    byte[] body = new byte[4 * 4 * 64 * 64];
    byte[] head =
        head("/?shape=1,4,64,64&dtype=float32&output_type=pt", "Content-Length: " + body.length);
    List<Socket> readers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Socket socket = attacker(new Socket());
      socket.setReceiveBufferSize(4096);
      socket.setSoTimeout(60_000);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.httpPort));
      socket.getOutputStream().write(head);
      socket.getOutputStream().write(body);
      readers.add(socket);
    }
    for (Socket reader : readers) {
      // Its picture is done.
      assertThat(reader.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 200");
    }
    others.serveAgain(times(20, 500));
    ServerLook look = server.look();
    assertThat(look.held()).as("what waits").isGreaterThanOrEqualTo(PICTURES);
    // Each as floats and as the bytes that are sent.
    requireBelow(2 * PICTURES + 64 * MB, "heap", look.heap());
    requireBelow(32 * MB, "buffers", look.direct() - memory.before().direct());
    survived(256 * MB);
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
      while (server.glance().connections() > 1 && System.nanoTime() < end) {
        others.serveAgain(20);
      }
      assertThat(server.glance().connections()).isEqualTo(1);
    }
    survived(128 * MB);
  }

  @Test
  void grpcConnectionsBeyondTheLimitTakeThePlaceOfTheIdlest() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < HostedServer.CONNECTIONS - 1; i++) {
      sockets.add(idle(server.grpcPort, 2));
    }
    Await.until("all connections", () -> server.glance().connections() == HostedServer.CONNECTIONS);
    for (int i = 0; i < 20; i++) {
      idle(server.grpcPort, 2);
    }
    assertThat(readToEnd(sockets.get(0))).isLessThan(1_000);
    Await.until(
        "as many as before", () -> server.glance().connections() == HostedServer.CONNECTIONS);
    others.serveAgain(20);
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

  /** Asks for a picture in parts, on a connection of its own, and reads up to the first. */
  static final class SlowReader extends ClientCall.Listener<DecodeStreamResponse>
      implements AutoCloseable {
    /** Accepted, two steps that begin and end, and the header. */
    private static final int EVENTS_BEFORE_PARTS = 6;

    private final ManagedChannel channel;
    private final ClientCall<DecodeRequest, DecodeStreamResponse> call;
    private final CompletableFuture<Status> closed = new CompletableFuture<>();
    private volatile boolean header;

    SlowReader(ServerAlone server, DecodeRequest request) {
      channel = server.channel();
      call = channel.newCall(DecoderServiceGrpc.getDecodeStreamMethod(), CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.sendMessage(request);
      call.halfClose();
      call.request(EVENTS_BEFORE_PARTS);
    }

    @Override
    public void onMessage(DecodeStreamResponse event) {
      header |= event.getEventCase() == EventCase.HEADER;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      closed.complete(status);
    }

    /** Whether its picture is done and waits to be read. */
    boolean waits() {
      if (closed.isDone()) {
        throw new IllegalStateException("a slow reader was sent away: " + closed.join());
      }
      return header;
    }

    @Override
    public void close() {
      channel.shutdownNow();
    }
  }
}
