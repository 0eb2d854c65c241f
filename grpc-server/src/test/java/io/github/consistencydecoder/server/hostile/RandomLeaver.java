package io.github.consistencydecoder.server.hostile;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A client that makes calls at either endpoint and, most of the time, leaves at a random moment: by
 * cancelling, by closing its connection, by resetting it, with half a request sent or half an
 * answer read. Not for use by several threads.
 */
final class RandomLeaver implements AutoCloseable {
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
