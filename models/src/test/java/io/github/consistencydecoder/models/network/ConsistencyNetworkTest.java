package io.github.consistencydecoder.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ConsistencyNetworkTest {
  private static final ConsistencyNetwork PUBLISHED = SyntheticWeights.publishedNetwork();

  @Test
  void thePublishedNetworkHasThePublishedNumberOfTensorsAndParameters() {
    assertThat(PUBLISHED.tensors()).hasSize(407);
    assertThat(PUBLISHED.parameters()).isEqualTo(621_277_702L);
    assertThat(PUBLISHED.blocks()).hasSize(36);
    assertThat(PUBLISHED.conditioningLength()).isEqualTo(55_552);
  }

  /**
   * 33,632.19 GFLOP at 512x512 are published for one evaluation, time projections (0.15 GFLOP)
   * included.
   */
  @Test
  void operationsAreThePublishedOnes() {
    assertThat(PUBLISHED.operations(512, 512) / 1e9).isCloseTo(33_632.19, within(0.2));
    assertThat(PUBLISHED.operations(64, 64) / 1e12).isCloseTo(0.5255, within(0.0005));
  }

  @Test
  void skipsAreTakenInReverse() {
    List<Block> up =
        PUBLISHED.blocks().stream().filter(b -> b.name().startsWith("up_blocks")).toList();
    assertThat(up.stream().filter(b -> b.kind() == Block.Kind.SAME).map(Block::skip))
        .containsExactly(
            1024, 1024, 1024, 1024, 1024, 1024, 1024, 640, 640, 640, 640, 320, 320, 320, 320, 320);
    assertThat(up.stream().map(Block::in))
        .containsExactly(
            2048, 2048, 2048, 2048, 1024, 2048, 2048, 2048, 1664, 1024, 1664, 1280, 1280, 960, 640,
            960, 640, 640, 640);
  }

  @Test
  void everyTensorIsInTheSpecificationsTable() throws Exception {
    Path table =
        Path.of(System.getProperty("project.root"))
            .resolve("../shared/spec/tensors-consistency-decoder.tsv");
    Assumptions.assumeTrue(Files.exists(table), "the specification's table is not here: skipped");
    Map<String, List<Long>> tensors = PUBLISHED.tensors();
    List<String[]> rows =
        Files.readAllLines(table).stream().skip(1).map(l -> l.split("\t")).toList();
    assertThat(rows).hasSize(407);
    for (String[] row : rows) {
      List<Long> shape =
          java.util.Arrays.stream(row[3].replaceAll("[^0-9,x ]", "").split("[,x ]+"))
              .filter(s -> !s.isEmpty())
              .map(Long::valueOf)
              .toList();
      assertThat(tensors.get(row[0])).as(row[0]).isEqualTo(shape);
    }
  }
}
