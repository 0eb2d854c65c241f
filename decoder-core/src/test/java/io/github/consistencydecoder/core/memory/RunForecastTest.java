package io.github.consistencydecoder.core.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import org.junit.jupiter.api.Test;

class RunForecastTest {
  private static final ConsistencyNetwork NETWORK = SyntheticWeights.reducedNetwork();

  private static byte[] model() {
    GraphBuilder g = new GraphBuilder("test");
    Value x = g.input("noisy", ElementType.FLOAT32, 1L, 3L, 64L, 64L);
    g.output(g.add("y", x, x), 1L, 3L, 64L, 64L);
    return g.build().toByteArray();
  }

  @Test
  void thePinnedRuntimeIsOneWhoseAllocatorIsImitated() {
    assertThat(RunForecast.MEASURED).contains(OnnxRuntime.version());
    for (String version : RunForecast.MEASURED) {
      assertThat(RunForecast.of(model(), NETWORK, version).bytes(1, 8, 8)).isPresent();
      assertThat(RunForecast.ofSized(model(), NETWORK, version).bytes(1, 8, 8)).isPresent();
    }
  }

  @Test
  void withAnotherRuntimeNothingIsForecastSoThatTheSumOfTensorsCounts() {
    assertThat(RunForecast.of(model(), NETWORK, "1.99.0").bytes(1, 8, 8)).isEmpty();
    assertThat(RunForecast.ofSized(model(), NETWORK, "1.99.0").bytes(1, 8, 8)).isEmpty();
  }
}
