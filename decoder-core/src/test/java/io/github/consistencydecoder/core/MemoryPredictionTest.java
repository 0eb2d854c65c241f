package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.ChildJvm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a decode takes is what was said before, measured in a process of its own. Sizes are such
 * that the few megabytes by which one start of the JVM differs from the next do not matter.
 */
@Tag("measure")
class MemoryPredictionTest {
  private static final String MODEL = "tiny";

  @TempDir static Path cache;

  @BeforeAll
  static void openOnce() {
    assumeThat(Path.of("/proc/self/status")).as("memory is measured on Linux").exists();
    // Building the graph takes memory too, and is done here.
    try (LatentDecoder decoder =
        new ConsistencyDecoderProvider().open(TestDecoders.config(Path.of(MODEL), cache))) {
      assertThat(decoder.info().model()).isEqualTo(MODEL);
    }
  }

  /** Before, predicted, grown, kept. */
  private static long[] run(int height, int width, int batch, String... settings) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                MODEL,
                cache.toString(),
                Integer.toString(height),
                Integer.toString(width),
                Integer.toString(batch)));
    arguments.addAll(List.of(settings));
    List<String> options = new ArrayList<>(ChildJvm.STEADY);
    options.add("-Xmx2g");
    List<String> lines = ChildJvm.run(cache, options, MemoryRun.class, arguments);
    String last = lines.get(lines.size() - 1);
    return Arrays.stream(last.split(" ")).mapToLong(Long::parseLong).toArray();
  }

  @ParameterizedTest
  @CsvSource({"256,256,1", "200,328,2", "512,384,1"})
  void aDecodeTakesWhatItWasSaidToTake(int height, int width, int batch) throws Exception {
    long[] bytes = run(height, width, batch);
    assertThat(bytes[2]).isCloseTo(bytes[1], Percentage.withPercentage(10));
  }

  @Test
  void aSecondStepTakesNoMoreThanTheFirst() throws Exception {
    long[] bytes = run(512, 384, 1, MemoryRun.TWO_STEPS);
    assertThat(bytes[2]).isCloseTo(bytes[1], Percentage.withPercentage(10));
  }

  @ParameterizedTest
  @ValueSource(strings = {MemoryRun.TWO_STEPS, MemoryRun.CANCELLED})
  void whatADecodeTookGoesBackHoweverItEnds(String end) throws Exception {
    long[] bytes = run(512, 512, 1, end);
    assertThat(bytes[2]).isGreaterThan(400_000_000);
    assertThat(bytes[3]).isLessThan(150_000_000);
  }

  @Test
  void aDecodeThatIsToTakeLessDoes() throws Exception {
    long[] bytes = run(512, 384, 2, "memory=700MB");
    assertThat(bytes[2]).isCloseTo(bytes[1], Percentage.withPercentage(10));
    assertThat(bytes[0] + bytes[2]).isLessThan(700_000_000);
  }
}
