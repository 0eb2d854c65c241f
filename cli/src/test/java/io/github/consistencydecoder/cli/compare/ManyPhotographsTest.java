package io.github.consistencydecoder.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * 24 photographs of 512x512 through two decoders need no more memory than four, and the measurement
 * notices where one picture of each is kept, in the heap or outside of it.
 */
@Tag("measure")
class ManyPhotographsTest {
  private static final int FROM = 3;

  /** A picture has 0.79 MB, so twenty that are kept are 15.7 MB. */
  private static final long BOUND = 8_000_000;

  @TempDir private Path folder;

  /**
   * @param resident bytes in memory after each input
   * @param live bytes of live objects in the heap after each
   * @param report size of the HTML report
   */
  private record Course(List<Long> resident, List<Long> live, long report) {
    /** From the fourth input to the last. */
    long residentGrowth() {
      return resident.get(resident.size() - 1) - resident.get(FROM);
    }

    /** The same of the heap; a few MB come and go from one input to the next. */
    long liveGrowth() {
      List<Long> last = live.subList(live.size() - 3, live.size());
      return smallest(last) - smallest(live.subList(FROM, FROM + 3));
    }

    private static long smallest(List<Long> values) {
      return values.stream().mapToLong(Long::longValue).min().orElseThrow();
    }
  }

  /**
   * @param decoder {@code tiny}, after one step and after two, or {@code preview}, twice
   * @param keep {@code none}, {@code heap} or {@code native}
   */
  private Course run(String decoder, String keep) throws IOException, InterruptedException {
    assumeTrue(Files.isReadable(Path.of("/proc/self/status")), "skipped: this is not Linux");
    Path shared = Path.of(System.getProperty("project.root", ".."), "..", "shared", "data");
    for (String needed : List.of("photos-kodak", "photos-skimage", "vaelight")) {
      assumeTrue(
          Files.isDirectory(shared.resolve(needed)),
          () -> "skipped: there is no " + shared.resolve(needed).normalize());
    }
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // All of the heap is resident from the start, so that what grows is not the heap.
            "-Xms512m",
            "-Xmx512m",
            "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC",
            "-Dproject.root=" + System.getProperty("project.root", ".."),
            ManyPhotographs.class.getName(),
            shared.toString(),
            folder.resolve("out").toString(),
            decoder,
            keep);
    // Not as an argument, which lists of processes would show in full.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    // Freed memory of any size worth counting goes back to the system at once.
    builder.environment().put("MALLOC_MMAP_THRESHOLD_", "131072");
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    Path log = folder.resolve("log");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(process.waitFor(20, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as("%s", lines).isZero();
    assertThat(lines).contains("compared 24 kept " + (keep.equals("none") ? 0 : 24));
    List<Long> resident = new ArrayList<>();
    List<Long> live = new ArrayList<>();
    for (String line : lines) {
      if (line.startsWith("memory ")) {
        String[] parts = line.split(" ", -1);
        resident.add(Long.valueOf(parts[1]));
        live.add(Long.valueOf(parts[2]));
      }
    }
    assertThat(resident).hasSize(24);
    String last = lines.get(lines.size() - 1);
    Course course = new Course(resident, live, Long.parseLong(last.replace("report ", "")));
    System.out.printf(
        "%s, %s kept: resident %d MB after the 4th and %+d kB, live %d MB and %+d kB, report %d"
            + " kB%n",
        decoder,
        keep,
        resident.get(FROM) / 1_000_000,
        course.residentGrowth() / 1000,
        live.get(FROM) / 1_000_000,
        course.liveGrowth() / 1000,
        course.report() / 1000);
    return course;
  }

  @Test
  void memoryIsFlatAfterTheFourthAndTheReportIsSmall() throws Exception {
    Course course = run("tiny", "none");
    assertThat(course.residentGrowth()).isLessThan(BOUND);
    assertThat(course.liveGrowth()).isLessThan(BOUND);
    assertThat(course.report()).isBetween(10_000_000L, 40_000_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"heap", "native"})
  void onePictureKeptOfEachInputIsNoticed(String where) throws Exception {
    Course course = run("preview", where);
    if (where.equals("heap")) {
      assertThat(course.liveGrowth()).isGreaterThan(BOUND);
    } else {
      assertThat(course.residentGrowth()).isGreaterThan(BOUND);
    }
  }
}
