package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An evaluation takes the memory that its plan says, measured by the system. */
class BandMemoryTest {
  /** What a prediction may be off. */
  private static final double OFF = 0.10;

  @TempDir Path folder;

  @Test
  void theGrowthOfTheProcessIsThePlansPeak() throws Exception {
    Assumptions.assumeTrue(Files.exists(BandMemoryProbe.STATUS), "needs " + BandMemoryProbe.STATUS);
    List<String> lines = probe();
    assertThat(lines).hasSize(2);
    for (String line : lines) {
      int space = line.indexOf(' ');
      long planned = Long.parseLong(line.substring(0, space));
      assertThat((double) Long.parseLong(line.substring(space + 1)))
          .as("bytes that the process grew by, planned %d", planned)
          .isBetween((1 - OFF) * planned, (1 + OFF) * planned);
    }
  }

  private List<String> probe() throws IOException, InterruptedException {
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // Java's own heap is there from the start, so that it does not grow.
                "-Xms128m",
                "-Xmx128m",
                "-XX:+AlwaysPreTouch",
                BandMemoryProbe.class.getName(),
                folder.toString())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    // On the command line a class path as long as this one is more than the runtime can read.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    assertThat(process.waitFor()).as(() -> read(err)).isZero();
    return Files.readAllLines(out);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
