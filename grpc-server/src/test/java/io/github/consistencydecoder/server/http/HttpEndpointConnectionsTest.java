package io.github.consistencydecoder.server.http;

import static io.github.consistencydecoder.server.http.OpenEndpoint.body;
import static io.github.consistencydecoder.server.http.RawAnswer.RawRequests.BODY;
import static io.github.consistencydecoder.server.http.RawAnswer.RawRequests.DECODE;
import static io.github.consistencydecoder.server.http.RawAnswer.RawRequests.decodeRequest;
import static io.github.consistencydecoder.server.http.RawAnswer.RawRequests.head;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long connections that do nothing may stay, and how many there may be. */
@Timeout(60)
final class HttpEndpointConnectionsTest {
  @AutoClose private OpenEndpoint open;

  @Test
  void decodeMayTakeLongerThanAConnectionMayBeIdle() throws Exception {
    open = new OpenEndpoint(b -> b.idleMillis(200));
    open.controls.hold();
    try (Socket socket = open.socket()) {
      socket.getOutputStream().write(decodeRequest());
      Await.until("the decode to begin", () -> open.controls.inside.get() == 1);
      Thread.sleep(900);
      open.controls.release();

      assertThat(RawAnswer.read(socket).status()).isEqualTo(200);
    }
  }

  @Test
  void idleConnectionIsClosed() throws Exception {
    open = new OpenEndpoint(b -> b.idleMillis(200));
    try (Socket socket = open.socket()) {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void readersThatTakeNothingAreCutOffAndHoldNoOneUp() throws Exception {
    Duration idle = Duration.ofSeconds(1);
    open = new OpenEndpoint(b -> b.idleMillis(idle.toMillis()));
    byte[] large = body(SampleLatents.scaled(1, 1, 128, 128), TensorType.FLOAT32);
    byte[] request =
        TensorBytes.join(
            head(
                "POST",
                DECODE.replace("1,4,8,8", "1,4,128,128"),
                "Content-Length: " + large.length),
            large);
    List<Socket> readers = new ArrayList<>();
    try {
      long last = 0;
      for (int i = 0; i < 4; i++) {
        Socket socket = new Socket();
        readers.add(socket);
        socket.setReceiveBufferSize(4096);
        socket.setSoTimeout(20_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), open.port()));
        last = System.nanoTime();
        socket.getOutputStream().write(request);
      }
      for (Socket reader : readers) {
        assertThat(reader.getInputStream().read()).as("the answer's first byte").isEqualTo('H');
      }

      assertThat(open.post(DECODE, BODY).statusCode()).isEqualTo(200);
      boolean held = open.endpoint.bytesInFlight() > 0;
      // A machine that is too slow has cut off the last of them in the meantime.
      assertThat(held || System.nanoTime() - last > idle.toNanos()).as("they are held").isTrue();
      Await.until("all bytes to be given back", () -> open.endpoint.bytesInFlight() == 0);
      for (Socket reader : readers) {
        assertThat(readToEnd(reader)).as("bytes that came").isLessThan(3 * 1024 * 1024 * 4);
      }
    } finally {
      for (Socket socket : readers) {
        socket.close();
      }
    }
  }

  /** Bytes until the connection is closed or reset. */
  private static long readToEnd(Socket socket) throws Exception {
    byte[] buffer = new byte[1 << 16];
    long bytes = 0;
    try {
      for (int n = 0; n >= 0; n = socket.getInputStream().read(buffer)) {
        bytes += n;
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the connection stays", e);
    } catch (IOException reset) {
      // That is an end, too.
    }
    return bytes;
  }

  @Test
  void connectionsThatAreIdleMakeRoomForOthers() throws Exception {
    open = new OpenEndpoint(b -> b.connections(4));
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        sockets.add(open.socket());
        sockets.get(i).getOutputStream().write(head("GET", "/healthz"));
        assertThat(RawAnswer.read(sockets.get(i)).status()).isEqualTo(200);
      }
      assertThat(ask(sockets, head("GET", "/healthz")).status()).isEqualTo(200);
      assertThat(ask(sockets, decodeRequest()).status()).isEqualTo(200);
      assertThat(readToEnd(sockets.get(0))).as("the idlest is closed").isZero();
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void probesAreAnsweredWhereAllConnectionsAreBusy() throws Exception {
    open = new OpenEndpoint(b -> b.connections(4));
    open.controls.hold();
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        int before = i;
        sockets.add(open.socket());
        sockets.get(i).getOutputStream().write(decodeRequest());
        Await.until("the call", () -> open.service.ledger().accepted() == before + 1);
      }
      for (String probe : List.of("/healthz", "/readyz", "/health")) {
        assertThat(ask(sockets, head("GET", probe)).status()).isEqualTo(200);
      }
      RawAnswer refused = ask(sockets, decodeRequest());
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.header("connection")).isEqualTo("close");
      assertThat(refused.header("retry-after")).isEqualTo("5");
      open.controls.release();
      for (Socket busy : sockets.subList(0, 4)) {
        assertThat(RawAnswer.read(busy).status()).isEqualTo(200);
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  private RawAnswer ask(List<Socket> sockets, byte[] request) throws Exception {
    Socket socket = open.socket();
    sockets.add(socket);
    socket.getOutputStream().write(request);
    return RawAnswer.read(socket);
  }
}
