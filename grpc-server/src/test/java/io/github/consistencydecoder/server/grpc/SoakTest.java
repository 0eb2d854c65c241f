package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.testing.MemorySlope;
import io.github.consistencydecoder.testing.ProcessStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
}
