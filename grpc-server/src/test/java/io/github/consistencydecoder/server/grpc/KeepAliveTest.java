package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that ask whether the server is still there, as often as they like. */
@Timeout(180)
final class KeepAliveTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private final DecodeRequest request =
      OpenEndpoint.request(SampleLatents.scaled(1, 1, 2, 2)).build();
  private QueuedDecodeService service;
  private OpenEndpoint endpoint;

  @BeforeEach
  void start() {
    service =
        Fixtures.builder(controls)
            .limits(
                new ServiceLimits(
                    1 << 20, 8, Duration.ofMinutes(5), Duration.ofMinutes(5), 1L << 30, 1))
            .start();
    Fixtures.awaitServing(service);
    endpoint = OpenEndpoint.over(service);
  }

  @AfterEach
  void stop() {
    controls.release();
    endpoint.close();
    service.close();
  }

  @Test
  void idleConnectionsMakeRoomAndThoseWithACallStay() throws Exception {
    controls.hold();
    try (OpenEndpoint small = OpenEndpoint.over(service, b -> b.connections(2));
        RawHttp2 first = new RawHttp2(small.endpoint.port())) {
      CompletableFuture<Map<String, String>> call = begin(first);
      Await.until("the decode to begin", () -> controls.inside.get() == 1);
      try (RawHttp2 idle = taken(small);
          RawHttp2 second = new RawHttp2(small.endpoint.port())) {
        Await.until("the idle one to be closed", () -> !idle.open());
        CompletableFuture<Map<String, String>> other = begin(second);
        Await.until("the other call", () -> service.ledger().accepted() == 2);
        try (RawHttp2 third = new RawHttp2(small.endpoint.port())) {
          Await.until("the one too many to be closed", () -> !third.open());
        }
        controls.release();
        assertThat(call.get(20, TimeUnit.SECONDS)).containsEntry("grpc-status", "0");
        assertThat(other.get(20, TimeUnit.SECONDS)).containsEntry("grpc-status", "0");
      }
    }
  }

  /** A connection that the server has taken: connections that it has not are taken in any order. */
  private static RawHttp2 taken(OpenEndpoint endpoint) throws Exception {
    RawHttp2 client = new RawHttp2(endpoint.endpoint.port());
    client.ping(0);
    Await.until("an answer", () -> client.pongs() == 1);
    return client;
  }

  private CompletableFuture<Map<String, String>> begin(RawHttp2 client) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return client.call(RawHttp2.headers(), RawHttp2.framed(0, request.toByteArray()));
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void pingsDuringACallAreNeverCounted() throws Exception {
    controls.hold();
    try (RawHttp2 client = new RawHttp2(endpoint.endpoint.port())) {
      CompletableFuture<Map<String, String>> call = begin(client);
      Await.until("the decode to begin", () -> controls.inside.get() == 1);
      for (int i = 0; i < 50; i++) {
        client.ping(i);
      }
      Await.until("the pings to be answered", () -> client.pongs() == 50 || !client.open());
      controls.release();

      assertThat(call.get(20, TimeUnit.SECONDS)).containsEntry("grpc-status", "0");
      assertThat(client.goAway()).isEmpty();
    }
  }

  @Test
  void pingsWithoutACallAreCounted() throws Exception {
    try (RawHttp2 client = new RawHttp2(endpoint.endpoint.port())) {
      // One after the other: what the server has not read when it closes would reset the
      // connection,
      // and what it said last would be lost.
      for (int i = 0; i < 50 && client.open(); i++) {
        client.ping(i);
        int pings = i + 1;
        Await.until("an answer", () -> client.pongs() >= pings || !client.open());
      }
      Await.until("the connection to end", () -> !client.open());
      assertThat(client.goAway()).contains("too_many_pings");
    }
  }

  /** As grpc-go's clients are often set up; two pauses without a call, one long call. */
  @Test
  @Tag("load")
  void tenSecondsBetweenPingsAreFineDuringNinetySecondsOfACall() throws Exception {
    ManagedChannel channel =
        endpoint.keep(
            NettyChannelBuilder.forAddress("127.0.0.1", endpoint.endpoint.port())
                .usePlaintext()
                .keepAliveTime(10, TimeUnit.SECONDS)
                .keepAliveWithoutCalls(true)
                .build());
    DecoderServiceGrpc.DecoderServiceBlockingStub stub =
        DecoderServiceGrpc.newBlockingStub(channel);
    assertThat(stub.decode(request).hasPictures()).isTrue();
    Thread.sleep(35_000);
    controls.hold();
    CompletableFuture<Boolean> call =
        CompletableFuture.supplyAsync(() -> stub.decode(request).hasPictures());
    Thread.sleep(90_000);
    controls.release();
    assertThat(call.get(20, TimeUnit.SECONDS)).isTrue();
  }
}
