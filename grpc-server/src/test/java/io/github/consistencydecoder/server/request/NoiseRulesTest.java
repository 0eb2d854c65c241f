package io.github.consistencydecoder.server.request;

import static io.github.consistencydecoder.server.request.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class NoiseRulesTest {
  private static final DecodeSize SIZE = new DecodeSize(2, 1, 1, 2);

  private static WireTensor step(TensorType type, float value, long... shape)
      throws ServiceException {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    values[values.length - 1] = value;
    return WireTensor.of(
        TensorFields.below("noise"),
        type,
        Arrays.stream(shape).boxed().toList(),
        ByteBuffer.wrap(type.toBytes(FloatBuffer.wrap(values))));
  }

  @Test
  void seedsMustBeAsManyAsPictures() throws ServiceException {
    NoiseRules.checkSeeds("seed", Noise.seededPerImage(List.of(1L, 2L)), SIZE);
    Noise three = Noise.seededPerImage(List.of(1L, 2L, 3L));
    refused("seed", "3 seeds were given for 2", () -> NoiseRules.checkSeeds("seed", three, SIZE));
  }

  @Test
  void givenNoiseIsTakenInTheOrderOfTheSteps() throws ServiceException {
    Noise noise =
        NoiseRules.given(
            "noise",
            List.of(
                step(TensorType.FLOAT32, 1, 2, 3, 8, 8), step(TensorType.FLOAT16, 2, 2, 3, 8, 8)),
            SIZE);
    Noise.Given given = (Noise.Given) noise;
    assertThat(given.step(0).get(2 * 3 * 64 - 1)).isEqualTo(1);
    assertThat(given.step(1).get(2 * 3 * 64 - 1)).isEqualTo(2);
  }

  @Test
  void givenNoiseMustFit() {
    refused(
        "all",
        "noise for 1 steps",
        () -> NoiseRules.given("all", List.of(step(TensorType.FLOAT32, 1, 2, 3, 8, 8)), SIZE));
    refused(
        "noise.shape",
        "need [2, 3, 8, 8]",
        () ->
            NoiseRules.given(
                "all",
                List.of(
                    step(TensorType.FLOAT32, 1, 2, 3, 8, 8),
                    step(TensorType.FLOAT32, 1, 2, 3, 8, 16)),
                SIZE));
    refused(
        "noise.data_type",
        "not bfloat16",
        () ->
            NoiseRules.given(
                "all",
                List.of(
                    step(TensorType.BFLOAT16, 1, 2, 3, 8, 8),
                    step(TensorType.FLOAT32, 1, 2, 3, 8, 8)),
                SIZE));
    for (float bad : new float[] {Float.NaN, 1e30f}) {
      refused(
          "noise.data",
          bad > 0 ? "1.00e+30" : "[1, 2, 7, 7]",
          () ->
              NoiseRules.given(
                  "all",
                  List.of(
                      step(TensorType.FLOAT32, 1, 2, 3, 8, 8),
                      step(TensorType.FLOAT32, bad, 2, 3, 8, 8)),
                  SIZE));
    }
  }
}
