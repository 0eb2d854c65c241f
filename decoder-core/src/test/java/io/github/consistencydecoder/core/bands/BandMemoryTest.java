package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An evaluation takes the memory that its plan says, measured by the system. */
@Tag("measure")
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
    // Java's own heap is there from the start, so that it does not grow.
    List<String> options = new ArrayList<>(ChildJvm.STEADY);
    options.addAll(List.of("-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch"));
    return ChildJvm.run(folder, options, BandMemoryProbe.class, List.of(folder.toString()));
  }
}
