package io.github.consistencydecoder.server.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.server.hostile.HostedServer.ServerLook;
import io.github.consistencydecoder.testing.MemorySlope;
import io.github.consistencydecoder.testing.ProcessStatus;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients of both endpoints that leave at random moments: nothing crashes, no slot and no byte is
 * lost, and native memory stays flat.
 */
@Tag("process")
@Timeout(900)
class RandomLeaversTest {
  private static final double MEGABYTE = 1e6;
  private static final int CLIENTS = 4;

  @TempDir private Path folder;

  @BeforeAll
  static void linuxOnly() {
    ProcessStatus.assumeReadable();
  }

  @Test
  void fourHundredCallsLeaveNothingBehind() throws Exception {
    double unused = leave(400, 0);
  }

  @Test
  @Tag("load")
  void memoryIsFlatOverTenThousandCallsAndMore() throws Exception {
    assertThat(leave(20_000, 0)).isLessThan(MEGABYTE);
  }

  @Test
  @Tag("load")
  void aPlantedLeakIsSeen() throws Exception {
    assertThat(leave(20_000, 4_096)).isGreaterThan(MEGABYTE);
  }

  /** Bytes of growth per 1,000 calls, after the first two fifths. */
  private double leave(int calls, int leak) throws Exception {
    int looks = Math.max(5, calls / 400);
    AtomicLong stayed = new AtomicLong();
    MemorySlope slope = new MemorySlope();
    List<RandomLeaver> leavers = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try (ServerAlone server =
        ServerAlone.start(folder.resolve("server.txt"), 256, leak, 1, calls > 400)) {
      for (int i = 0; i < CLIENTS; i++) {
        leavers.add(new RandomLeaver(server, i, stayed));
      }
      for (int look = 1; look <= looks; look++) {
        together(threads, leavers, calls / looks / CLIENTS);
        ServerLook rest = server.awaitRest();
        slope.look((long) look * calls / looks, server.anonymous() + rest.heap());
      }
      ServerLook end = server.awaitRest();
      assertThat(end.accepted()).isPositive();
      assertThat(end.cancelled()).isPositive();
      assertThat(stayed.get()).isPositive();
      System.out.printf(
          "%d calls: %d accepted, %d cancelled, %d stayed; %.2f MB more per 1,000%n",
          calls,
          end.accepted(),
          end.cancelled(),
          stayed.get(),
          slope.perThousandAfter(calls * 2L / 5) / MEGABYTE);
    } finally {
      leavers.forEach(RandomLeaver::close);
      threads.shutdownNow();
    }
    return slope.perThousandAfter(calls * 2L / 5);
  }

  private static void together(ExecutorService threads, List<RandomLeaver> leavers, int each)
      throws Exception {
    List<Future<?>> running = new ArrayList<>();
    for (RandomLeaver leaver : leavers) {
      running.add(
          threads.submit(
              () -> {
                for (int i = 0; i < each; i++) {
                  leaver.call();
                }
                return null;
              }));
    }
    for (Future<?> one : running) {
      one.get();
    }
  }

  /**
   * A client that makes calls at either endpoint and, most of the time, leaves at a random moment:
   * by cancelling, by closing its connection, by resetting it, with half a request sent or half an
   * answer read. Not for use by several threads.
   */
  static final class RandomLeaver implements AutoCloseable {
    /** After which the server would call it a rapid reset. */
    private static final int CALLS_OF_A_CONNECTION = 100;

    private final ServerAlone server;
    private final Random random;
    private final AtomicLong stayed;
    private ManagedChannel channel;
    private int calls;

    /**
     * @param stayed counts calls that were answered in full
     */
    RandomLeaver(ServerAlone server, long seed, AtomicLong stayed) {
      this.server = server;
      this.random = new Random(seed);
      this.stayed = stayed;
      this.channel = server.channel();
    }

    void call() throws Exception {
      if (random.nextBoolean()) {
        grpc();
      } else {
        http();
      }
    }

    private void pause() {
      LockSupport.parkNanos(random.nextInt(6_000_000));
    }

    private void grpc() throws InterruptedException, ExecutionException, TimeoutException {
      CompletableFuture<Status> closed = new CompletableFuture<>();
      Latents latents = SampleLatents.scaled(random.nextLong(), 1, 1 + random.nextInt(16), 16);
      ClientCall<DecodeRequest, DecodeStreamResponse> call =
          channel.newCall(DecoderServiceGrpc.getDecodeStreamMethod(), CallOptions.DEFAULT);
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onClose(Status status, Metadata trailers) {
              closed.complete(status);
            }
          },
          new Metadata());
      int kind = random.nextInt(20);
      call.request(kind == 0 ? 1_000 : 1 + random.nextInt(6));
      call.sendMessage(Others.request(latents));
      call.halfClose();
      if (kind == 0) {
        Status status = closed.get(20, TimeUnit.SECONDS);
        if (!status.isOk()) {
          throw new IllegalStateException("a call that was to stay was ended: " + status);
        }
        stayed.incrementAndGet();
        return;
      }
      pause();
      if (kind == 1 || ++calls % CALLS_OF_A_CONNECTION == 0) {
        channel.shutdownNow();
        channel = server.channel();
      } else {
        call.cancel("left", null);
      }
    }

    private void http() throws IOException {
      byte[] head =
          ("POST " + Others.QUERY + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1024\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII);
      int kind = random.nextInt(10);
      try (Socket socket = ServerAlone.socket(server.httpPort)) {
        socket.getOutputStream().write(head);
        int sent = kind < 3 ? random.nextInt(Others.BODY.length) : Others.BODY.length;
        socket.getOutputStream().write(Others.BODY, 0, sent);
        if (kind == 9) {
          byte[] status = socket.getInputStream().readNBytes(12);
          if (!new String(status, StandardCharsets.US_ASCII).equals("HTTP/1.1 200")) {
            throw new IllegalStateException("a call that was to stay was refused");
          }
          stayed.incrementAndGet();
          return;
        }
        pause();
        if (random.nextBoolean()) {
          socket.setSoLinger(true, 0);
        }
      }
    }

    @Override
    public void close() {
      channel.shutdownNow();
    }
  }
}
