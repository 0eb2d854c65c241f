package io.github.consistencydecoder.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Both endpoints before one service, from the start to the end. */
@Timeout(60)
final class SidecarTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final String DECODE =
      "/?output_type=pt&shape=1,4,8,8&dtype=float32&scaling_factor=0.18215";

  @TempDir private Path folder;

  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private Sidecar sidecar;

  @AfterEach
  void stop() {
    controls.release();
    if (sidecar != null) {
      sidecar.close();
    }
  }

  private Sidecar start(UnaryOperator<SidecarConfig> settings) throws Exception {
    SidecarConfig config =
        new SidecarConfig()
            .model(Fixtures.MODEL, ModelSource.of(controls::openDecoder))
            .limits(Fixtures.limits())
            .grpc(ANY)
            .http(ANY);
    sidecar = Sidecar.start(settings.apply(config));
    return sidecar;
  }

  private Sidecar serving(UnaryOperator<SidecarConfig> settings) throws Exception {
    Sidecar started = start(settings);
    Fixtures.awaitServing(started.service());
    return started;
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + sidecar.httpPort().orElseThrow() + path);
  }

  private CompletableFuture<HttpResponse<byte[]>> decode() {
    return decode(8);
  }

  private CompletableFuture<HttpResponse<byte[]>> decode(int side) {
    Latents latents = SampleLatents.scaled(1, 1, side, side);
    return client.sendAsync(
        HttpRequest.newBuilder(uri(DECODE.replace("8,8", side + "," + side)))
            .POST(
                HttpRequest.BodyPublishers.ofByteArray(
                    TensorType.FLOAT32.toBytes(latents.values())))
            .build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  private ServingStatus health() throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", sidecar.grpcPort().orElseThrow())
            .usePlaintext()
            .build();
    try {
      return HealthGrpc.newBlockingStub(channel)
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .check(HealthCheckRequest.getDefaultInstance())
          .getStatus();
    } finally {
      channel.shutdownNow();
      channel.awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private static void connect(int port) throws IOException {
    new Socket(InetAddress.getLoopbackAddress(), port).close();
  }

  private CompletableFuture<Void> drainElsewhere() {
    return CompletableFuture.runAsync(
        () -> {
          try {
            sidecar.drain();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void bothDoorsSayWhenTheModelsAreReady() throws Exception {
    controls.hold();
    start(c -> c);

    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    assertThat(health()).isEqualTo(ServingStatus.NOT_SERVING);
    controls.release();
    Fixtures.awaitServing(sidecar.service());

    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    assertThat(health()).isEqualTo(ServingStatus.SERVING);
    assertThat(decode().get().statusCode()).isEqualTo(200);
  }

  @Test
  void metricsTellOfServiceDoorsAndProcess() throws Exception {
    serving(c -> c);
    assertThat(decode().get().statusCode()).isEqualTo(200);

    assertThat(get("/metrics").body())
        .contains(
            "inf_queue_size 0.0",
            "inf_batch_current_size",
            "decoder_calls_total{outcome=\"completed\"} 1.0",
            "decoder_http_bytes_in_flight",
            "decoder_grpc_bytes_in_flight",
            "jvm_memory_used_bytes");
  }

  @Test
  void metricsStayShortAndTellEachThingOnce() throws Exception {
    serving(c -> c);
    assertThat(get("/metrics").body()).hasSizeLessThan(15_000);
    for (int call = 0; call < 8; call++) {
      assertThat(decode(8 << (call % 3)).get().statusCode()).isEqualTo(200);
    }

    String page = get("/metrics").body();

    assertThat(page).hasSizeLessThan(25_000);
    Map<String, Integer> buckets = new HashMap<>();
    Map<String, String> helps = new HashMap<>();
    for (String line : page.lines().toList()) {
      if (line.contains("le=\"")) {
        buckets.merge(line.replaceAll("le=\"[^\"]*\".*", ""), 1, Integer::sum);
      } else if (line.startsWith("# HELP decoder_") || line.startsWith("# HELP inf_")) {
        String[] parts = line.split(" ", 4);
        assertThat(helps.put(parts[3], parts[2])).as(line).isNull();
      }
    }
    assertThat(buckets.values()).isNotEmpty().allMatch(count -> count <= 12);
    assertThat(helps.values()).contains("decoder_call_seconds").noneMatch(n -> n.endsWith("_max"));
  }

  @Test
  void metricsAreOpenMetricsWhereTheCallerTakesThem() throws Exception {
    serving(c -> c);

    HttpResponse<String> page =
        client.send(
            HttpRequest.newBuilder(uri("/metrics"))
                .header("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
                .build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(page.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/openmetrics-text");
    assertThat(page.body()).contains("decoder_calls_total{").endsWith("# EOF\n");
    assertThat(get("/metrics").headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/plain; version=0.0.4");
  }

  @Test
  void drainTellsFirstAndTakesCallsUntilItsDelayIsOver() throws Exception {
    serving(c -> c.drainDelay(Duration.ofMillis(1500)));
    int http = sidecar.httpPort().orElseThrow();
    int grpc = sidecar.grpcPort().orElseThrow();

    CompletableFuture<Void> drained = drainElsewhere();
    Await.until(
        "health to say so",
        () -> {
          try {
            return health() == ServingStatus.NOT_SERVING;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    int ready = get("/readyz").statusCode();
    int during = decode().get().statusCode();
    drained.get();

    assertThat(ready).isEqualTo(503);
    assertThat(during).isEqualTo(200);
    assertThat(sidecar.service().readiness()).isEqualTo(Readiness.DRAINING);
    assertThatThrownBy(() -> connect(http)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> connect(grpc)).isInstanceOf(IOException.class);
  }

  @Test
  void drainFinishesWhatIsThere() throws Exception {
    serving(c -> c);
    controls.hold();
    CompletableFuture<HttpResponse<byte[]>> call = decode();
    Await.until("the decode to begin", () -> controls.inside.get() == 1);

    CompletableFuture<Void> drained = drainElsewhere();
    Await.until("the drain to begin", () -> sidecar.service().readiness() == Readiness.DRAINING);
    controls.release();

    assertThat(call.get().statusCode()).isEqualTo(200);
    drained.get();
  }

  @Test
  void drainStopsWhatItsGraceIsTooShortFor() throws Exception {
    serving(c -> c.grace(Duration.ofMillis(100)));
    controls.hold();
    CompletableFuture<HttpResponse<byte[]>> call = decode();
    Await.until("the decode to begin", () -> controls.inside.get() == 1);

    // The decode would never end.
    sidecar.drain();

    assertThat(call.get().statusCode()).isEqualTo(503);
  }

  @Test
  void closeLeavesNoModelAndNoSocketBehind() throws Exception {
    Path grpc = folder.resolve("run/grpc.sock");
    Path http = folder.resolve("run/http.sock");
    serving(c -> c.grpcSocket(grpc).httpSocket(http));
    assertThat(grpc).exists();
    assertThat(http).exists();

    sidecar.close();
    sidecar.close();

    assertThat(grpc).doesNotExist();
    assertThat(http).doesNotExist();
    assertThat(controls.open.get()).isZero();
  }

  @Test
  void listeningBeyondThisMachineUnprotectedIsRefusedUnlessItIsSaidInWords() throws Exception {
    InetSocketAddress all = new InetSocketAddress("0.0.0.0", 0);

    assertThatThrownBy(() -> start(c -> c.http(all)))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("without TLS");
    assertThat(controls.opened.get()).isZero();
    Sidecar open = start(c -> c.http(all).openAllowed(true));
    assertThat(open.httpPort()).isPresent();
  }

  @Test
  void whatCannotBeOpenedLeavesNothingBehind() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "short");

    assertThatThrownBy(() -> start(c -> c.token(token))).isInstanceOf(AccessException.class);
    start(c -> c);
    InetSocketAddress taken =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), sidecar.httpPort().orElseThrow());
    assertThatThrownBy(
            () ->
                Sidecar.start(
                    new SidecarConfig()
                        .model("other", ModelSource.of(controls::openDecoder))
                        .http(taken)))
        .isInstanceOf(IOException.class);
    sidecar.close();
    assertThat(controls.open.get()).isZero();
  }
}
