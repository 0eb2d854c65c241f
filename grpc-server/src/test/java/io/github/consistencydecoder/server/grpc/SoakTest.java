package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.Ledger;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.Leak;
import io.github.consistencydecoder.testing.MemorySlope;
import io.github.consistencydecoder.testing.ProcessStatus;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory of a sidecar over thousands of calls: after the first two fifths it grows by at most 1 MB
 * per 1,000 calls, native memory and live heap together.
 */
@Tag("load")
class SoakTest {
  private static final double MEGABYTE = 1e6;

  @TempDir Path folder;

  @BeforeAll
  static void linuxOnly() {
    ProcessStatus.assumeReadable();
  }

  @Test
  void memoryIsFlatOverTwentyThousandDecodes() throws Exception {
    assertThat(soak(20_000, 500, 0, "consistency")).isLessThan(MEGABYTE);
  }

  @Test
  void aPlantedLeakOfFourKilobytesACallIsSeen() throws Exception {
    assertThat(soak(20_000, 500, 4096, "preview")).isGreaterThan(MEGABYTE);
  }

  @Test
  void withoutTheLeakTheSameCallsAreFlat() throws Exception {
    assertThat(soak(20_000, 500, 0, "preview")).isLessThan(MEGABYTE);
  }

  /** Bytes of growth per 1,000 calls. */
  private double soak(int calls, int every, int leak, String provider)
      throws IOException, InterruptedException {
    Path log = folder.resolve("soak.txt");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms384m",
            "-Xmx384m",
            "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC",
            Soak.class.getName(),
            String.valueOf(calls),
            String.valueOf(every),
            String.valueOf(leak),
            folder.resolve("cache").toString(),
            provider);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // One arena and a fixed threshold: fragments of the allocator are not what is looked for.
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    builder.environment().put("MALLOC_MMAP_THRESHOLD_", "131072");
    // Not an argument: ONNX Runtime ends a process with one that long, see docs/service.md.
    builder
        .environment()
        .put(
            "CLASSPATH",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    int exit = builder.redirectOutput(log.toFile()).start().waitFor();
    List<String> lines = Files.readAllLines(log);
    assertThat(exit).as(String.join("\n", lines)).isZero();
    assertLedger(lines, calls);
    return slope(lines, calls);
  }

  private static void assertLedger(List<String> lines, int calls) {
    long[] ledger =
        numbers(lines.stream().filter(l -> l.startsWith("ledger ")).findFirst().orElseThrow());
    assertThat(ledger[1]).as("ended of accepted").isEqualTo(ledger[0]);
    assertThat(ledger[2] + ledger[3] + ledger[4]).as("calls").isEqualTo(calls);
    assertThat(ledger[3]).as("cancelled").isBetween(calls / 15L, calls / 7L);
    assertThat(ledger[4]).as("malformed").isBetween(calls / 30L, calls / 14L);
  }

  private static double slope(List<String> lines, int calls) {
    MemorySlope slope = new MemorySlope();
    lines.stream()
        .filter(line -> line.startsWith("at "))
        .map(SoakTest::numbers)
        .forEach(look -> slope.look(look[0], look[1] + look[2]));
    double perThousand = slope.perThousandAfter(calls * 2L / 5);
    System.out.printf(
        "soak: %.0f MB at the end, %.2f MB more per 1,000 calls%n",
        slope.last() / MEGABYTE, perThousand / MEGABYTE);
    return perThousand;
  }

  private static long[] numbers(String line) {
    return Stream.of(line.split(" ")).skip(1).mapToLong(Long::parseLong).toArray();
  }

  /**
   * A process of its own that is a sidecar and its client for thousands of calls: 30 shapes, a
   * tenth cancelled at some moment, a twentieth malformed. Prints {@code at CALLS RSS LIVE_HEAP} in
   * bytes as it goes and {@code ledger ...} at the end. The heap has a fixed size and is touched
   * from the start, so that resident memory grows by native memory alone.
   */
  static final class Soak {
    private static final int SHAPES = 30;

    /** Of a connection: every tenth is reset, and 400 resets in a minute would end it. */
    private static final int CALLS_OF_A_CONNECTION = 1_000;

    private final int calls;
    private final int every;
    private final Leak leak;
    private final Random random = new Random(20);
    private int answered;
    private int cancelled;
    private int refused;

    private Soak(int calls, int every, Leak leak) {
      this.calls = calls;
      this.every = every;
      this.leak = leak;
    }

    /**
     * @param args number of calls, calls between two looks, bytes of native memory to lose with
     *     each call, folder for the model's cache, name of the decoder's provider
     */
    public static void main(String[] args) throws Exception {
      Soak soak =
          new Soak(
              Integer.parseInt(args[0]),
              Integer.parseInt(args[1]),
              new Leak(Integer.parseInt(args[2])));
      DecoderConfig config =
          args[4].equals("preview")
              ? DecoderConfig.model("sd1")
              : DecoderConfig.model("tiny").with("cache", args[3]).with(DecoderConfig.THREADS, "1");
      try (QueuedDecodeService service =
              QueuedDecodeService.builder()
                  .model(Fixtures.MODEL, ModelSource.of(args[4], config))
                  .limits(
                      new ServiceLimits(
                          1 << 20, 8, Duration.ofSeconds(60), Duration.ofSeconds(60), 1L << 30, 1))
                  .start();
          OpenEndpoint endpoint = OpenEndpoint.over(service)) {
        Fixtures.awaitServing(service);
        soak.run(endpoint);
        Await.until(
            "calls to end", () -> service.ledger().accepted() == Fixtures.ended(service.ledger()));
        Ledger ledger = service.ledger();
        System.out.println(
            "ledger %s %s %s %s %s"
                .formatted(
                    ledger.accepted(),
                    Fixtures.ended(ledger),
                    soak.answered,
                    soak.cancelled,
                    soak.refused));
      }
    }

    private void run(OpenEndpoint endpoint) {
      ManagedChannel channel = endpoint.tcp();
      for (int i = 1; i <= calls; i++) {
        if (i % CALLS_OF_A_CONNECTION == 0) {
          channel.shutdown();
          channel = endpoint.tcp();
        }
        call(DecoderServiceGrpc.newBlockingStub(channel));
        leak.lose();
        if (i % every == 0) {
          look(i);
        }
      }
    }

    private void call(DecoderServiceGrpc.DecoderServiceBlockingStub decoder) {
      int shape = random.nextInt(SHAPES);
      DecodeRequest.Builder request =
          OpenEndpoint.request(
                  SampleLatents.scaled(
                      random.nextLong(), 1 + shape % 2, 1 + shape % 5, 1 + shape / 5))
              .setFormat(
                  shape % 3 == 0
                      ? PictureFormat.PICTURE_FORMAT_PNG
                      : PictureFormat.PICTURE_FORMAT_FLOAT32);
      request.getNoiseBuilder().setSeed(random.nextInt());
      int kind = random.nextInt(20);
      if (kind == 0) {
        malformed(decoder, request);
      } else if (kind <= 2) {
        abandoned(decoder, request.build());
      } else {
        var unused = decoder.decode(request.build());
        answered++;
      }
    }

    private void malformed(
        DecoderServiceGrpc.DecoderServiceBlockingStub decoder, DecodeRequest.Builder request) {
      request
          .getLatentsBuilder()
          .getTensorBuilder()
          .setDataType(
              random.nextBoolean() ? DataType.DATA_TYPE_UINT8 : DataType.DATA_TYPE_FLOAT16);
      try {
        var unused = decoder.decode(request.build());
        throw new IllegalStateException("a malformed call was answered");
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.INVALID_ARGUMENT) {
          throw e;
        }
        refused++;
      }
    }

    /** Reads some of the events and leaves. */
    private void abandoned(
        DecoderServiceGrpc.DecoderServiceBlockingStub decoder, DecodeRequest request) {
      int events = random.nextInt(5);
      Context.CancellableContext context = Context.current().withCancellation();
      Context before = context.attach();
      try {
        Iterator<DecodeStreamResponse> answer = decoder.decodeStream(request);
        for (int i = 0; i < events && answer.hasNext(); i++) {
          answer.next();
        }
      } finally {
        context.detach(before);
        context.cancel(null);
      }
      cancelled++;
    }

    private void look(int call) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      System.out.println(
          "at %s %s %s"
              .formatted(
                  call, ProcessStatus.resident(), runtime.totalMemory() - runtime.freeMemory()));
    }
  }
}
