package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.core.diagnostics.ConformanceValues;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.graphs.NetworkProbe;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Every value of the network and its samplers that is known from an independent float64 evaluation.
 */
public class ConformanceTest {
  /**
   * What the specification suggests for a float32 runtime; the published classes themselves are
   * within 3e-6.
   */
  private static final double TOLERANCE = 2e-5;

  /** Half precision has 3 digits; some 70 layers leave 2 of them in values around 1. */
  private static final double HALF_TOLERANCE = 2e-2;

  private static final JsonNode CASES =
      TestDecoders.json(TestDecoders.resource("conformance/conformance.json"));

  @TempDir static Path folder;
  private static Path reduced;

  @BeforeAll
  static void writeReducedNetwork() throws Exception {
    reduced = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), reduced);
  }

  @ParameterizedTest
  @ValueSource(ints = {1008, 512})
  void theReducedNetworkGivesTheKnownValues(int timestep) throws Exception {
    float[] input = SyntheticWeights.input("input.x", 7 * 32 * 48);
    check("unet mini t=" + timestep, network(reduced, input, 32, 48, timestep));
  }

  @ParameterizedTest
  @ValueSource(ints = {1008, 512})
  void theReducedNetworkInWinogradsFormGivesTheKnownValues(int timestep) throws Exception {
    float[] input = SyntheticWeights.input("input.x", 7 * 32 * 48);
    check("unet mini t=" + timestep, tiled(reduced, input, 32, 48, timestep));
  }

  @ParameterizedTest
  @ValueSource(ints = {1008, 512})
  void theReducedNetworkChannelsLastGivesTheKnownValues(int timestep) throws Exception {
    float[] input = SyntheticWeights.input("input.x", 7 * 32 * 48);
    check(
        "unet mini t=" + timestep,
        channelsLast(reduced, ElementType.FLOAT32, input, 32, 48, timestep));
  }

  @Test
  void inHalfPrecisionTheReducedNetworkChannelsLastIsClose() throws Exception {
    float[] input = SyntheticWeights.input("input.x", 7 * 32 * 48);
    float[] half = channelsLast(reduced, ElementType.FLOAT16, input, 32, 48, 1008);
    double worst = ConformanceValues.bundled().worst("unet mini t=1008", half, 32, 48);
    assertThat(worst).isBetween(1e-5, HALF_TOLERANCE);
    // Not only where the values are known.
    float[] single = channelsLast(reduced, ElementType.FLOAT32, input, 32, 48, 1008);
    assertThat(TestDecoders.worst(single, FloatBuffer.wrap(half)))
        .isLessThan((float) HALF_TOLERANCE);
  }

  @Test
  void channelsLastIsTheOtherGraphAtSizesWithOddHalves() throws Exception {
    float[] input = SyntheticWeights.input("input.x", 7 * 8 * 24);
    assertThat(
            TestDecoders.worst(
                network(reduced, input, 8, 24, 512),
                FloatBuffer.wrap(channelsLast(reduced, ElementType.FLOAT32, input, 8, 24, 512))))
        .isLessThan((float) TOLERANCE);
  }

  @ParameterizedTest
  @EnumSource(ClampMode.class)
  void theSamplerGivesTheKnownValuesForGivenNoise(ClampMode clamp) {
    int n = 3 * 32 * 48;
    Noise noise =
        Noise.given(
            List.of(
                SyntheticWeights.input("input.noise1", n),
                SyntheticWeights.input("input.noise2", n)));
    check(
        "sampler mini, hash noise, clamp=" + (clamp == ClampMode.EACH_STEP ? "True" : "False"),
        decode(clamp, noise));
  }

  @ParameterizedTest
  @EnumSource(ClampMode.class)
  void theSamplerGivesTheKnownValuesForPyTorchsNoise(ClampMode clamp) {
    check(
        "sampler mini, torch CPU generator seed 0, clamp="
            + (clamp == ClampMode.EACH_STEP ? "True" : "False"),
        decode(clamp, Noise.seeded(0)));
  }

  @Test
  @Tag("full")
  void theFullNetworkGivesTheKnownValues() throws Exception {
    Path full = folder.resolve("full.safetensors");
    SyntheticWeights.write(SyntheticWeights.publishedNetwork(), full);
    float[] input = SyntheticWeights.input("input.x", 7 * 16 * 24);
    check("unet full t=1008", network(full, input, 16, 24, 1008));
    float[] latent = SyntheticWeights.input("input.latent", 4 * 2 * 3);
    for (int c = 0; c < 4; c++) {
      for (int i = 0; i < 16 * 24; i++) {
        input[(3 + c) * 16 * 24 + i] = latent[c * 6 + i / 24 / 8 * 3 + i % 24 / 8];
      }
    }
    String second = "unet full t=512, channels 3..6 = upsampled input.latent";
    check(second, network(full, input, 16, 24, 512));
    check(second, tiled(full, input, 16, 24, 512));
    check(second, channelsLast(full, ElementType.FLOAT32, input, 16, 24, 512));
  }

  private static float[] network(Path file, float[] input, int height, int width, int timestep)
      throws IOException {
    return probed(
        file, input, height, width, timestep, probe -> probe.evaluate(ElementType.FLOAT32));
  }

  private static float[] channelsLast(
      Path file, ElementType type, float[] input, int height, int width, int timestep)
      throws IOException {
    return probed(file, input, height, width, timestep, probe -> probe.evaluateChannelsLast(type));
  }

  private static float[] tiled(Path file, float[] input, int height, int width, int timestep)
      throws IOException {
    return probed(file, input, height, width, timestep, probe -> probe.evaluateSized(1 << 18));
  }

  /** A way of evaluating a network. */
  private interface Way {
    float[] of(NetworkProbe probe) throws IOException;
  }

  private static float[] probed(
      Path file, float[] input, int height, int width, int timestep, Way way) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      ConsistencyWeights weights = ConsistencyWeights.of(checkpoint, Optional.empty());
      SessionSettings settings = new SessionSettings(new Device(Device.Kind.CPU, 0, "test"), 2);
      return way.of(new NetworkProbe(weights, input, height, width, timestep, settings, folder));
    }
  }

  private static float[] decode(ClampMode clamp, Noise noise) {
    float[] z = SyntheticWeights.input("input.latent", 4 * 4 * 6);
    for (int i = 0; i < z.length; i++) {
      z[i] *= 5;
    }
    try (LatentDecoder decoder = TestDecoders.open(reduced, folder.resolve("cache"))) {
      FloatBuffer pixels =
          decoder
              .decode(
                  Latents.unscaled(z, 1, 4, 4, 6),
                  DecodeOptions.builder().clamp(clamp).noise(noise).build())
              .pixels()
              .values();
      float[] values = new float[pixels.remaining()];
      pixels.get(values);
      return values;
    }
  }

  /** Compares with the known values of a case. */
  /** Asserts that values are the known ones of that name. */
  public static void check(String name, float[] values) {
    JsonNode expected = CASES.get(name);
    assertThat(expected).as(name).isNotNull();
    int height = expected.get("shape").get(2).intValue();
    int width = expected.get("shape").get(3).intValue();
    assertThat(values).hasSize(expected.get("shape").get(1).intValue() * height * width);
    for (JsonNode point : expected.get("at")) {
      JsonNode at = point.get(0);
      int index =
          (at.get(0).intValue() * height + at.get(1).intValue()) * width + at.get(2).intValue();
      assertThat((double) values[index])
          .as("%s at %s", name, at)
          .isCloseTo(point.get(1).doubleValue(), within(TOLERANCE));
    }
    double mean = 0;
    double absolute = 0;
    for (float v : values) {
      mean += v / (double) values.length;
      absolute += Math.abs(v) / (double) values.length;
    }
    assertThat(mean)
        .as("%s mean", name)
        .isCloseTo(expected.get("mean").doubleValue(), within(TOLERANCE));
    assertThat(absolute)
        .as("%s mean of absolute values", name)
        .isCloseTo(expected.get("mean_abs").doubleValue(), within(TOLERANCE));
  }
}
