package io.github.consistencydecoder.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class BenchCommandTest {
  @Test
  void documentHasTheFiguresOfEachRunAndOfTheMedian() {
    CommandRun run =
        CommandRun.of(
                "bench",
                "--decoder",
                "fake",
                "--size",
                "64x32",
                "--batch",
                2,
                "--steps",
                1,
                "--repeat",
                5,
                "--json")
            .exits(0);

    JsonNode document = new JsonMapper().readTree(run.out());
    assertThat(document.get("size").toString()).isEqualTo("[64,32]");
    assertThat(document.get("batch").asInt()).isEqualTo(2);
    assertThat(document.get("plan").asString()).isEqualTo("whole");
    assertThat(document.get("steps").asInt()).isEqualTo(1);
    assertThat(document.get("runs").size()).isEqualTo(5);
    // the fake counts 1e9 operations a cell and step: 2 * 4 * 8 cells
    assertThat(document.get("tflop").asDouble()).isEqualTo(0.064);
    assertThat(document.get("wall_seconds").asDouble()).isPositive();
    double processor = document.get("cpu_seconds").asDouble();
    double rate = document.get("gflop_per_core_second").asDouble();
    assertThat(processor).isNotNegative();
    if (processor > 0) {
      assertThat(rate * processor).isCloseTo(64, org.assertj.core.data.Offset.offset(1e-6));
    }
    long smaller = 0;
    for (JsonNode one : document.get("runs")) {
      smaller += one.get("cpu_seconds").asDouble() <= processor ? 1 : 0;
    }
    assertThat(smaller).isGreaterThanOrEqualTo(3);
    if (System.getProperty("os.name").startsWith("Linux")) {
      assertThat(document.get("peak_rss_bytes").asLong()).isPositive();
    }
  }

  @Test
  void linesSayTheSame() {
    CommandRun run =
        CommandRun.of("bench", "--decoder", "fake", "--size", "8", "--repeat", 2, "--warmup", 0)
            .exits(0);

    assertThat(run.out().lines()).hasSize(5);
    assertThat(run.out())
        .contains(
            "run 1: ", "run 2: ", "plain on cpu: it is a fake: 8x8, batch 1, schedule 1008,512")
        .contains("GFLOP per core-second")
        .containsPattern(
            "memory of a decode beyond the open model: predicted 1 MB, measured \\d+ MB; plan:"
                + " whole");
  }

  @ParameterizedTest
  @CsvSource({
    "--size, 100, multiples of 8",
    "--size, 64x, multiples of 8",
    "--size, 64x64x64, multiples of 8",
    "--size, 0, multiples of 8",
    "--size, 32768, multiples of 8",
    "--batch, 0, at least 1",
    "--batch, 1000000, at most",
    "--repeat, 0, at least 1",
    "--warmup, -1, at least 0",
  })
  void figuresThatMakeNoSenseAreRefused(String option, String value, String message) {
    CommandRun run = CommandRun.of("bench", "--decoder", "fake", option + "=" + value).exits(2);

    assertThat(run.err()).contains("error: " + option + " " + value + ": ").contains(message);
  }
}
