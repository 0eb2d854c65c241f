package io.github.consistencydecoder.server.hostile;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc.DecoderServiceBlockingStub;
import io.github.consistencydecoder.proto.v1.LatentScale;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.ManagedChannel;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Two ordinary clients, one at each endpoint, that decode one small picture after another, each on
 * a connection that it had before, until they are told to stop. The first failure ends a client.
 */
final class Others {
  static final Latents LATENTS = SampleLatents.scaled(3, 1, 8, 8);

  private final ManagedChannel channel;
  private final Thread grpc;
  private final Thread http;
  private final List<Long> grpcNanos = new CopyOnWriteArrayList<>();
  private final List<Long> httpNanos = new CopyOnWriteArrayList<>();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private volatile boolean stop;

  private interface Call {
    void make() throws Exception;
  }

  private Others(ServerAlone server) {
    channel = server.channel();
    DecoderServiceBlockingStub stub = DecoderServiceGrpc.newBlockingStub(channel);
    grpc =
        client(
            "gRPC",
            grpcNanos,
            () -> {
              var unused = stub.withDeadlineAfter(20, TimeUnit.SECONDS).decode(request(LATENTS));
            });
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.httpPort + QUERY))
            .timeout(Duration.ofSeconds(20))
            .POST(HttpRequest.BodyPublishers.ofByteArray(BODY))
            .build();
    http =
        client(
            "HTTP",
            httpNanos,
            () -> {
              HttpResponse<byte[]> answer =
                  client.send(request, HttpResponse.BodyHandlers.ofByteArray());
              if (answer.statusCode() != 200) {
                throw new IllegalStateException("status " + answer.statusCode());
              }
            });
  }

  /** Of a decode over HTTP. */
  static final String QUERY = "/?shape=1,4,8,8&dtype=float32&scaling_factor=0.18215&output_type=pt";

  /** Its body. */
  static final byte[] BODY = TensorType.FLOAT32.toBytes(LATENTS.values());

  /** A decode over gRPC. */
  static DecodeRequest request(Latents latents) {
    Tensor.Builder tensor =
        Tensor.newBuilder()
            .setDataType(DataType.DATA_TYPE_FLOAT32)
            .addAllShape(List.of(1L, 4L, (long) latents.height(), (long) latents.width()))
            .setData(
                com.google.protobuf.ByteString.copyFrom(
                    TensorType.FLOAT32.toBytes(latents.values())));
    return DecodeRequest.newBuilder()
        .setLatents(
            io.github.consistencydecoder.proto.v1.Latents.newBuilder()
                .setScale(LatentScale.LATENT_SCALE_SCALED)
                .setTensor(tensor))
        .build();
  }

  private Thread client(String name, List<Long> nanos, Call call) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (!stop) {
                  long start = System.nanoTime();
                  call.make();
                  nanos.add(System.nanoTime() - start);
                  Thread.sleep(5);
                }
              } catch (Exception e) {
                failures.add(name + ": " + e);
              }
            },
            "other-" + name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Returns when both have been served once. */
  static Others start(ServerAlone server) {
    Others others = new Others(server);
    Await.until(
        "the others to be served",
        () ->
            !others.failures.isEmpty()
                || (!others.grpcNanos.isEmpty() && !others.httpNanos.isEmpty()));
    return others;
  }

  /** How long calls have taken so far counts no more. */
  void forget() {
    grpcNanos.clear();
    httpNanos.clear();
  }

  /** Returns when both have been served so often again, within two minutes, or one has failed. */
  void serveAgain(int times) throws InterruptedException {
    int grpcCalls = grpcNanos.size();
    int httpCalls = httpNanos.size();
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (failures.isEmpty()
        && (grpcNanos.size() < grpcCalls + times || httpNanos.size() < httpCalls + times)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("the others are not served " + times + " times: " + report());
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  /** What went wrong for them. */
  List<String> failures() {
    return failures;
  }

  /** Calls that were served and how long the slowest hundredth took, at least, for people. */
  String report() {
    return "others: gRPC " + report(grpcNanos) + ", HTTP " + report(httpNanos);
  }

  private static String report(List<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    return sorted.length == 0
        ? "none"
        : String.format("%d calls, p99 %.1f ms", sorted.length, at(sorted, 0.99) / 1e6);
  }

  private static long at(long[] sorted, double quantile) {
    return sorted[(int) Math.min(sorted.length - 1, quantile * sorted.length)];
  }

  /** Ends both. */
  void end() throws InterruptedException {
    stop = true;
    grpc.join(25_000);
    http.join(25_000);
    channel.shutdownNow();
  }
}
