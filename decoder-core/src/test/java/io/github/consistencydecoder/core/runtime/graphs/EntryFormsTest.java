package io.github.consistencydecoder.core.runtime.graphs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.models.network.graph.ChannelsLastGraph;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import io.github.consistencydecoder.models.store.cache.CacheItem.Kind;
import io.github.consistencydecoder.models.store.cache.EntryForm;
import io.github.consistencydecoder.models.store.cache.EntryForm.Fit;
import java.util.List;
import org.junit.jupiter.api.Test;

class EntryFormsTest {
  private static final String WEIGHTS = "weights sha256:ab";
  private static final String NETWORK = "network ConsistencyNetwork[widths=[32], layers=1]";

  private static EntryForm read(String... lines) {
    return EntryForms.of("1.2.3", "Linux amd64 avx2").read(List.of(lines));
  }

  private static EntryForm graph(int version, String runtime, String processor) {
    return read(
        WEIGHTS,
        NETWORK,
        "graph " + version,
        "type FLOAT32",
        "runtime " + runtime,
        "cpu " + processor);
  }

  @Test
  void aGraphIsUsedWithItsVersionRuntimeAndProcessor() {
    int version = ConsistencyGraph.VERSION;
    assertThat(graph(version, "1.2.3", "Linux amd64 avx2"))
        .isEqualTo(
            new EntryForm(
                Kind.GRAPH,
                "graph, version " + version + ", float32, ONNX Runtime 1.2.3",
                Fit.USABLE,
                ""));
    EntryForm older = graph(version - 1, "1.2.3", "Linux amd64 avx2");
    assertThat(older.fit()).isEqualTo(Fit.STALE);
    assertThat(older.reason()).contains("version " + (version - 1), "this has " + version);
    EntryForm runtime = graph(version, "1.2.2", "Linux amd64 avx2");
    assertThat(runtime.fit()).isEqualTo(Fit.STALE);
    assertThat(runtime.reason()).isEqualTo("made by ONNX Runtime 1.2.2, this is 1.2.3");
    EntryForm processor = graph(version, "1.2.3", "Linux amd64 avx512f");
    assertThat(processor.fit()).isEqualTo(Fit.ELSEWHERE);
  }

  @Test
  void weightsDependOnTheirVersionAlone() {
    for (int more : new int[] {0, 1}) {
      EntryForm winograd =
          read(
              WEIGHTS,
              NETWORK,
              "transformed weights, version " + (ConsistencyGraph.PREPARED_VERSION + more));
      EntryForm bands =
          read(
              WEIGHTS,
              NETWORK,
              "weights for bands, version " + (BandGraphs.PREPARED_VERSION + more));
      EntryForm channelsLast =
          read(
              WEIGHTS,
              NETWORK,
              "channels last, version " + (ChannelsLastGraph.VERSION + more),
              "type FLOAT16",
              "fused operators");
      Fit fit = more == 0 ? Fit.USABLE : Fit.STALE;
      assertThat(List.of(winograd, bands, channelsLast)).allMatch(form -> form.fit() == fit);
      assertThat(winograd.kind()).isEqualTo(Kind.WEIGHTS);
      assertThat(channelsLast.text()).startsWith("channels last, float16");
    }
  }

  @Test
  void whatNobodyKnowsIsOfAnotherRelease() {
    assertThat(read(WEIGHTS, NETWORK, "spectral weights, version 9").fit()).isEqualTo(Fit.STALE);
    assertThat(read(WEIGHTS, "network VaeNetwork[..], graph 999", "type FLOAT32").fit())
        .isEqualTo(Fit.STALE);
    assertThat(EntryForms.here().read(List.of()).fit()).isEqualTo(Fit.STALE);
  }
}
