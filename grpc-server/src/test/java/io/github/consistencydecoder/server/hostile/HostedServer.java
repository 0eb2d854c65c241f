package io.github.consistencydecoder.server.hostile;

import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.grpc.GrpcEndpoint;
import io.github.consistencydecoder.server.http.HttpEndpoint;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.Ledger;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.Leak;
import io.netty.util.internal.PlatformDependent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * A process that is a server with both endpoints and nothing else, so that its memory is nobody
 * else's. Prints {@code ports GRPC HTTP}, and answers each line on its standard input with a {@link
 * ServerLook}, after a collection unless the line is {@code glance}; ends when there are no more.
 */
final class HostedServer {
  /** Connections that each endpoint may have. */
  static final int CONNECTIONS = 1_100;

  /** Asks for a look without a collection before it. */
  static final String GLANCE = "glance";

  /** Bytes of messages that each endpoint may hold. */
  private static final long BYTES = 600L << 20;

  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private final Leak leak;

  private HostedServer(Leak leak) {
    this.leak = leak;
  }

  /**
   * @param args bytes of native memory to lose with each decode; milliseconds of a step
   */
  public static void main(String[] args) throws Exception {
    HostedServer server = new HostedServer(new Leak(Integer.parseInt(args[0])));
    server.controls.stepTime = Duration.ofMillis(Integer.parseInt(args[1]));
    server.serve();
  }

  private void serve() throws Exception {
    try (QueuedDecodeService service =
        QueuedDecodeService.builder()
            .model(Fixtures.MODEL, ModelSource.of(() -> new Leaking(controls.openDecoder())))
            .limits(
                new ServiceLimits(
                    1 << 20, 8, Duration.ofSeconds(60), Duration.ofSeconds(60), 4L << 30, 2))
            .start()) {
      Fixtures.awaitServing(service);
      InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      ByteBudget bytes = new ByteBudget(2 * BYTES);
      try (GrpcEndpoint grpc =
              GrpcEndpoint.builder(service)
                  .address(loopback)
                  .connections(CONNECTIONS)
                  .bytes(bytes)
                  .start();
          HttpEndpoint http =
              HttpEndpoint.builder(service)
                  .address(loopback)
                  .connections(CONNECTIONS)
                  .bytes(bytes)
                  .build()) {
        http.start();
        System.out.println("ports " + grpc.port() + " " + http.port().orElseThrow());
        answer(service, grpc, http);
      }
    }
  }

  private void answer(QueuedDecodeService service, GrpcEndpoint grpc, HttpEndpoint http)
      throws IOException, InterruptedException {
    BufferedReader asked =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = asked.readLine(); line != null; line = asked.readLine()) {
      if (!line.equals(GLANCE)) {
        // What the first collection finds is given back by a thread of its own.
        System.gc();
        Thread.sleep(50);
        System.gc();
      }
      Runtime runtime = Runtime.getRuntime();
      Ledger ledger = service.ledger();
      System.out.println(
          new ServerLook(
                  runtime.totalMemory() - runtime.freeMemory(),
                  direct(),
                  grpc.connections(),
                  grpc.bytesInFlight().held() + http.bytesInFlight(),
                  ledger.accepted(),
                  Fixtures.ended(ledger),
                  ledger.cancelled(),
                  controls.inside.get())
              .line());
    }
  }

  private static long direct() {
    long java =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    return java + Math.max(0, PlatformDependent.usedDirectMemory());
  }

  /** A decoder that may lose memory. */
  private final class Leaking implements LatentDecoder {
    private final LatentDecoder decoder;

    Leaking(LatentDecoder decoder) {
      this.decoder = decoder;
    }

    @Override
    public DecoderInfo info() {
      return decoder.info();
    }

    @Override
    public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
      return decoder.estimate(batch, height, width, options);
    }

    @Override
    public Decoded decode(Latents latents, DecodeOptions options) {
      leak.lose();
      return decoder.decode(latents, options);
    }

    @Override
    public void close() {
      decoder.close();
    }
  }

  /**
   * What a {@link HostedServer} says of itself.
   *
   * @param heap bytes that are used after a collection
   * @param direct bytes of buffers outside the heap
   * @param connections of the gRPC endpoint
   * @param held bytes of messages under way at both endpoints
   * @param accepted calls
   * @param ended of them
   * @param cancelled of them
   * @param inside decodes that run
   */
  record ServerLook(
      long heap,
      long direct,
      long connections,
      long held,
      long accepted,
      long ended,
      long cancelled,
      long inside) {
    private static final String START = "look";

    String line() {
      return String.join(
          " ",
          START,
          "" + heap,
          "" + direct,
          "" + connections,
          "" + held,
          "" + accepted,
          "" + ended,
          "" + cancelled,
          "" + inside);
    }

    static ServerLook of(String line) {
      if (!line.startsWith(START)) {
        throw new IllegalArgumentException("not a look: " + line);
      }
      long[] n = Stream.of(line.split(" ")).skip(1).mapToLong(Long::parseLong).toArray();
      return new ServerLook(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
    }

    /** Whether nothing is under way. */
    boolean atRest() {
      return held == 0 && accepted == ended && inside == 0;
    }
  }
}
