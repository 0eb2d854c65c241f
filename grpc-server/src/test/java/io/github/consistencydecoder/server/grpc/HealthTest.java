package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();

  private static HealthCheckRequest of(String service) {
    return HealthCheckRequest.newBuilder().setService(service).build();
  }

  private static ServingStatus check(ManagedChannel channel, String service) {
    return HealthGrpc.newBlockingStub(channel).check(of(service)).getStatus();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "consistencydecoder.v1.DecoderService", "inference.GRPCInferenceService"})
  void servicesServeWhenTheModelsDoAndNotBefore(String name) {
    controls.failsToOpen = new DecoderException(DecoderErrorCode.MODEL_MISSING, "not yet");
    try (QueuedDecodeService service = Fixtures.builder(controls).start();
        OpenEndpoint endpoint = OpenEndpoint.over(service)) {
      ManagedChannel channel = endpoint.tcp();
      assertThat(check(channel, name)).isEqualTo(ServingStatus.NOT_SERVING);
      Refused refused =
          Refused.by(
              () ->
                  endpoint
                      .decoder()
                      .decode(OpenEndpoint.request(SampleLatents.scaled(1, 1, 1, 1)).build()));
      assertThat(refused.code()).isEqualTo(Status.Code.UNAVAILABLE);
      controls.failsToOpen = null;
      Fixtures.awaitServing(service);
      Await.until("SERVING", () -> check(channel, name) == ServingStatus.SERVING);
    }
  }

  /** Writes down what a watcher hears, and when its connection was told to go. */
  private static final class Watcher implements StreamObserver<HealthCheckResponse> {
    final List<String> heard = new CopyOnWriteArrayList<>();

    @Override
    public void onNext(HealthCheckResponse value) {
      heard.add(value.getStatus().name());
    }

    @Override
    public void onError(Throwable t) {
      heard.add("END");
    }

    @Override
    public void onCompleted() {
      heard.add("END");
    }
  }

  @Test
  void watchersHearNotServingBeforeTheyAreToldToGo() throws Exception {
    try (QueuedDecodeService service = Fixtures.service(controls);
        OpenEndpoint endpoint = OpenEndpoint.over(service)) {
      // Heard on the thread that reads, or what came first might be told last.
      ManagedChannel channel =
          endpoint.keep(
              NettyChannelBuilder.forAddress(
                      new InetSocketAddress(
                          InetAddress.getLoopbackAddress(), endpoint.endpoint.port()))
                  .usePlaintext()
                  .directExecutor()
                  .build());
      Watcher watcher = new Watcher();
      HealthGrpc.newStub(channel).watch(of(""), watcher);
      Await.until("SERVING", () -> watcher.heard.contains("SERVING"));
      // A channel leaves READY when the server's GOAWAY has come.
      Runnable leaving = () -> watcher.heard.add("GOAWAY");
      channel.notifyWhenStateChanged(ConnectivityState.READY, leaving);
      endpoint.endpoint.shutdown(Duration.ofMillis(500));
      Await.until("GOAWAY", () -> watcher.heard.contains("GOAWAY"));
      Await.until("the end", () -> watcher.heard.contains("END"));
      assertThat(watcher.heard).startsWith("SERVING", "NOT_SERVING");
      assertThat(watcher.heard.indexOf("NOT_SERVING")).isLessThan(watcher.heard.indexOf("GOAWAY"));
    }
  }

  @Test
  void drainingServiceIsNotServingWhileItsCallsEnd() throws Exception {
    try (QueuedDecodeService service = Fixtures.service(controls);
        OpenEndpoint endpoint = OpenEndpoint.over(service)) {
      controls.hold();
      var call =
          io.github.consistencydecoder.proto.v1.DecoderServiceGrpc.newFutureStub(endpoint.tcp())
              .decode(OpenEndpoint.request(SampleLatents.scaled(1, 1, 1, 1)).build());
      Await.until("the decode", () -> controls.inside.get() == 1);
      Thread drain =
          new Thread(
              () -> {
                try {
                  service.drain(Duration.ofSeconds(10));
                  endpoint.endpoint.shutdown(Duration.ofSeconds(10));
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      drain.start();
      ManagedChannel channel = endpoint.tcp();
      Await.until("NOT_SERVING", () -> check(channel, "") == ServingStatus.NOT_SERVING);
      assertThat(call.isDone()).isFalse();
      controls.release();
      DecodeResponse answer = call.get();
      assertThat(answer.getPictures().hasTensor()).isTrue();
      drain.join(10_000);
      assertThat(drain.isAlive()).isFalse();
    }
  }
}
