package io.github.consistencydecoder.server.request;

import static io.github.consistencydecoder.server.request.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatentRulesTest {
  private static final TensorFields FIELDS = TensorFields.below("latents.tensor");
  private static final List<Long> SHAPE = List.of(1L, 4L, 2L, 3L);

  private static WireTensor tensor(TensorType type, float... values) throws ServiceException {
    return WireTensor.of(
        FIELDS, type, SHAPE, ByteBuffer.wrap(type.toBytes(FloatBuffer.wrap(values))));
  }

  private static float[] ramp() {
    float[] values = new float[24];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i - 12) / 8f;
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "float16", "bfloat16"})
  void latentsAreReadFromEveryFloatingPointType(String name) throws ServiceException {
    TensorType type = TensorType.ofTorchName(name).orElseThrow();
    Latents latents = LatentRules.latents(tensor(type, ramp()), LatentScale.SCALED);
    assertThat(latents.scale()).isEqualTo(LatentScale.SCALED);
    assertThat(latents.values()).isEqualTo(FloatBuffer.wrap(ramp()));
    assertThat(LatentRules.size(FIELDS, SHAPE, 2, Tiling.AUTO))
        .isEqualTo(new DecodeSize(1, 2, 3, 2));
  }

  @Test
  void bytesAreNoLatents() {
    refused(
        "latents.tensor.data_type",
        "not uint8",
        () -> LatentRules.latents(tensor(TensorType.UINT8, ramp()), LatentScale.SCALED));
  }

  @Test
  void shapesOfAnotherRankAreRefused() {
    refused(
        "latents.tensor.shape",
        "4 dimensions",
        () -> LatentRules.size(FIELDS, List.of(4L, 8L, 8L), 2, Tiling.AUTO));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void dimensionsBelowOneAreRefused(long dimension) {
    refused(
        "latents.tensor.shape",
        "at least 1",
        () -> LatentRules.size(FIELDS, List.of(1L, 4L, dimension, 8L), 2, Tiling.AUTO));
  }

  @Test
  void dimensionsThatOverflowAreRefused() {
    refused(
        "latents.tensor.shape",
        "more bytes",
        () ->
            LatentRules.size(
                FIELDS, List.of(Long.MAX_VALUE, 4L, Long.MAX_VALUE, 4L), 2, Tiling.AUTO));
    refused(
        "latents.tensor.shape",
        "2^31 - 1",
        () -> LatentRules.size(FIELDS, List.of(1L, 4L, 8192L, 4096L), 2, Tiling.AUTO));
  }

  @Test
  void otherFamiliesAreRefusedByName() {
    refused(
        "latents.tensor.shape",
        "Flux",
        () -> LatentRules.size(FIELDS, List.of(1L, 16L, 8L, 8L), 2, Tiling.AUTO));
    refused(
        "latents.tensor.shape",
        "encode it",
        () -> LatentRules.size(FIELDS, List.of(1L, 3L, 8L, 8L), 2, Tiling.AUTO));
    refused(
        "latents.tensor.shape",
        "transpose",
        () -> LatentRules.size(FIELDS, List.of(1L, 8L, 8L, 4L), 2, Tiling.AUTO));
  }

  @Test
  void wrongNumbersOfBytesAreRefusedWithBothNumbers() {
    refused(
        "latents.tensor.data",
        "95 bytes were given, shape [1, 4, 2, 3] of float32 needs 96",
        () -> WireTensor.of(FIELDS, TensorType.FLOAT32, SHAPE, ByteBuffer.allocate(95)));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void valuesThatAreNotFiniteAreRefusedWithTheirPlace(float bad) {
    float[] values = ramp();
    values[23] = bad;
    refused(
        "latents.tensor.data",
        "[0, 3, 1, 2]",
        () -> LatentRules.latents(tensor(TensorType.FLOAT16, values), LatentScale.SCALED));
  }

  @Test
  void valuesFarBeyondLatentsAreRefused() throws ServiceException {
    float[] values = ramp();
    values[5] = -9000;
    refused(
        "latents.tensor.data",
        "stay within about 9",
        () -> LatentRules.latents(tensor(TensorType.FLOAT32, values), LatentScale.SCALED));
    assertThat(LatentRules.latents(tensor(TensorType.FLOAT32, values), LatentScale.UNSCALED).size())
        .isEqualTo(24);
  }

  @Test
  void onlyTheFactorsOfStableDiffusion1AreTaken() {
    assertThatCode(
            () -> {
              LatentRules.checkScalingFactor("f", 0.18215);
              LatentRules.checkScalingFactor("f", 0.18215f);
              LatentRules.checkShiftFactor("f", 0.0);
              LatentRules.checkShiftFactor("f", -0.0);
            })
        .doesNotThrowAnyException();
    refused("f", "SDXL", () -> LatentRules.checkScalingFactor("f", 0.13025));
    refused("f", "another family", () -> LatentRules.checkScalingFactor("f", 0.3611));
    refused("f", "NaN", () -> LatentRules.checkScalingFactor("f", Double.NaN));
    refused("g", "Flux", () -> LatentRules.checkShiftFactor("g", 0.1159));
    refused("g", "NaN", () -> LatentRules.checkShiftFactor("g", Double.NaN));
  }
}
