package io.github.consistencydecoder.core.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.GroupOperators;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunMemoryTest {
  /** Bytes of one tensor. */
  private static final long T = 4 * 8 * 64 * 64;

  private final GraphBuilder g = new GraphBuilder("test");

  private Value input(Object height) {
    return g.input("x", ElementType.FLOAT32, 1L, 8L, height, 64L);
  }

  private long bytes(Value output) {
    g.output(output, 1L, 8L, 64L, 64L);
    return RunMemory.of(g.build().toByteArray())
        .peakBytes(Map.of("x", new long[] {1, 8, 64, 64}), 2);
  }

  @Test
  void inputsAndOutputsAreOthers() {
    Value x = input(64L);
    assertThat(bytes(g.add("y", x, x))).isZero();
  }

  @Test
  void aSumOrProductDoesNotOverwriteItsOperandButWhatWasDoneWithBefore() {
    Value x = input(64L);
    Value a = g.add("a", x, x);
    assertThat(bytes(g.add("y", g.mul("c", g.mul("b", a, x), x), x))).isEqualTo(2 * T);
  }

  @Test
  void whatIsNeededAgainIsNotOverwritten() {
    Value x = input(64L);
    Value a = g.add("a", x, x);
    Value c = g.mul("c", g.mul("b", a, x), x);
    assertThat(bytes(g.add("y", c, a))).isEqualTo(3 * T);
  }

  @Test
  void whatLookedAlikeOnlyWhileRunningSharesNothing() {
    Value x = input("height");
    // A slice whose size only the run shows.
    Value a = g.averagePool2("a", x);
    Value b = g.averagePool2("b", x);
    Value sum = g.add("sum", a, b);
    assertThat(bytes(g.enlarge("y", sum, 2))).isEqualTo(3 * T / 4);
  }

  @Test
  void aViewTakesNothing() {
    Value x = input(64L);
    Value flat = g.flattenPlane("flat", g.add("a", x, x));
    assertThat(bytes(g.add("y", flat, flat))).isEqualTo(T);
  }

  @Test
  void theBranchThatWasWrittenLastRunsFirst() {
    Value x = input(64L);
    // Written in this order the small one is held while the large ones come and go.
    Value wide = g.averagePool2("wide", g.concat("joined", x, x));
    Value narrow = g.averagePool2("narrow", x);
    assertThat(bytes(g.enlarge("y", g.concat("both", wide, narrow), 2)))
        .isEqualTo(2 * T + T / 2 + T / 4);
  }

  @Test
  void statisticsTakeRowsButNothingAsLargeAsThePicture() {
    Value x = input(64L);
    Value a = g.add("a", x, x);
    GroupOperators groups = new GroupOperators(g);
    GroupOperators.Moments moments = groups.moments("m", a, 4, groups.width("w", a));
    Value y = g.add("y", a, g.concat("both", moments.mean(), moments.variance()));
    g.output(y, 1L, 8L, 64L, 64L);
    long bytes =
        RunMemory.of(g.build().toByteArray()).peakBytes(Map.of("x", new long[] {1, 8, 64, 64}), 2);
    assertThat(bytes).isGreaterThan(T).isLessThan(T + T / 8);
  }

  @Test
  void aTransposedTensorIsAnotherOne() {
    Value x = input(64L);
    Value flat = g.flattenPlane("flat", g.add("a", x, x));
    Value y = g.flattenPlane("back", g.swapLast("swapped", flat));
    g.output(y, 1L, 4096L, 8L);
    long bytes =
        RunMemory.of(g.build().toByteArray()).peakBytes(Map.of("x", new long[] {1, 8, 64, 64}), 2);
    assertThat(bytes).isEqualTo(2 * T);
  }

  @Test
  void anOperatorThatIsNotKnownIsRefused() {
    Value x = input(64L);
    g.output(g.tanh("y", x), 1L, 8L, 64L, 64L);
    byte[] model = g.build().toByteArray();
    assertThatThrownBy(() -> RunMemory.of(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the memory of operator 'Tanh' cannot be told");
  }
}
