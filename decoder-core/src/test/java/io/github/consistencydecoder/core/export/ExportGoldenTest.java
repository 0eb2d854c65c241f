package io.github.consistencydecoder.core.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.ConformanceTest;
import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.core.TestDecoders.Golden;
import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.sampler.LatentTransform;
import io.github.consistencydecoder.core.sampler.NoiseSchedule;
import io.github.consistencydecoder.core.sampler.NoiseSchedule.Coefficients;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.export.ExportedSampler;
import io.github.consistencydecoder.models.network.export.OnnxExport;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.Noise;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Exported graphs against values that others computed. Those have their own noise, so the tile is
 * filled with it: an exported graph takes its upper left part.
 */
class ExportGoldenTest {
  private static final Path FOLDER = TestDecoders.resource("goldens/diffusers-reduced");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "square-8x8, 1, 64, 64",
    "odd-5x7, 2, 40, 56",
    "wide-12x10, 2147483647, 96, 80",
  })
  void thePictureIsDiffusers(String name, long seed, int height, int width) throws Exception {
    Path file = FOLDER.resolve(name + ".safetensors");
    Golden latents = TestDecoders.golden(file, "latents");
    NoiseSource source = NoiseSource.of(Noise.seeded(seed), 1, height, width);
    List<float[]> noise = new ArrayList<>();
    for (int k = 0; k < 2; k++) {
      float[] values = new float[source.size()];
      source.next(values);
      noise.add(values);
    }
    try (Checkpoint checkpoint = Checkpoints.open(FOLDER)) {
      NetworkConfig config = NetworkConfig.read(FOLDER.resolve("config.json"));
      ConsistencyWeights weights = ConsistencyWeights.of(checkpoint, Optional.of(config));
      float[] found = decode(weights, noise, height, width, false, latents.values());
      Golden pixels = TestDecoders.golden(file, "pixels");
      assertThat(TestDecoders.worst(pixels.values(), FloatBuffer.wrap(found))).isLessThan(1e-4f);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theSamplerGivesTheKnownValues(boolean clamped) throws Exception {
    Path file = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), file);
    float[] z = SyntheticWeights.input("input.latent", 4 * 4 * 6);
    for (int i = 0; i < z.length; i++) {
      z[i] *= 5;
    }
    int n = 3 * 32 * 48;
    List<float[]> noise =
        List.of(
            SyntheticWeights.input("input.noise1", n), SyntheticWeights.input("input.noise2", n));
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      ConsistencyWeights weights = ConsistencyWeights.of(checkpoint, Optional.empty());
      ConformanceTest.check(
          "sampler mini, hash noise, clamp=" + (clamped ? "True" : "False"),
          decode(weights, noise, 32, 48, clamped, z));
    }
  }

  private float[] decode(
      ConsistencyWeights weights,
      List<float[]> noise,
      int height,
      int width,
      boolean clamped,
      float[] latents)
      throws IOException {
    int side = Math.max(height, width);
    List<ExportedSampler.Step> steps = new ArrayList<>();
    for (int k = 0; k < 2; k++) {
      int timestep = k == 0 ? 1008 : 512;
      Coefficients c = NoiseSchedule.coefficients(timestep);
      steps.add(
          new ExportedSampler.Step(
              timestep,
              (float) c.sqrtAcp(),
              (float) c.sqrtOneMinusAcp(),
              (float) c.cIn(),
              (float) c.cOut(),
              (float) c.cSkip(),
              tile(noise.get(k), height, width, side)));
    }
    ExportedSampler sampler =
        new ExportedSampler(
            steps, clamped, LatentTransform.factors(), LatentTransform.offsets(), side, false);
    Path exported = Files.createTempDirectory(folder, "export-").toRealPath();
    new OnnxExport(exported, ElementType.FLOAT32, Map.of()).decoder(weights, sampler, tensor -> {});
    try (NetworkSession session =
        NetworkSession.openExported(exported.resolve("model.onnx"), "latent_sample")) {
      long[] shape = {1, 4, height / 8, width / 8};
      return session.evaluate(FloatBuffer.wrap(latents), shape, "test", new Cancellation());
    }
  }

  private static float[] tile(float[] noise, int height, int width, int side) {
    float[] tile = new float[3 * side * side];
    for (int row = 0; row < 3 * height; row++) {
      int to = (row / height * side + row % height) * side;
      System.arraycopy(noise, row * width, tile, to, width);
    }
    return tile;
  }
}
