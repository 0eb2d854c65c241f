package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.TestDecoders.Golden;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * The same pictures as diffusers' {@code ConsistencyDecoderVAE} at a reduced width, opened from the
 * folder that it saved itself.
 */
class DiffusersGoldenTest {
  /** The bar set for this comparison; PyTorch's own float32 error against float64 is about 2e-6. */
  private static final float TOLERANCE = 1e-4f;

  private static final Path FOLDER = TestDecoders.resource("goldens/diffusers-reduced");

  @TempDir static Path cache;
  private static LatentDecoder decoder;

  @BeforeAll
  static void open() {
    decoder = TestDecoders.open(FOLDER, cache);
  }

  @AfterAll
  static void close() {
    decoder.close();
  }

  static Stream<JsonNode> cases() {
    return TestDecoders.json(FOLDER.resolve("cases.json")).get("cases").valueStream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void thePictureIsDiffusers(JsonNode test) throws Exception {
    Path file = FOLDER.resolve(test.get("file").stringValue());
    Golden latents = TestDecoders.golden(file, "latents");
    Golden pixels = TestDecoders.golden(file, "pixels");
    List<Long> seeds = new ArrayList<>();
    test.get("seeds").forEach(s -> seeds.add(s.bigIntegerValue().longValue()));
    Noise noise =
        test.get("generators").stringValue().equals("one")
            ? Noise.seeded(seeds.get(0))
            : Noise.seededPerImage(seeds);
    DecodeOptions options = DecodeOptions.builder().clamp(ClampMode.NONE).noise(noise).build();
    var decoded = decoder.decode(Latents.unscaled(latents.values(), latents.shape()), options);
    assertThat(TestDecoders.worst(pixels.values(), decoded.pixels().values()))
        .isLessThan(TOLERANCE);
  }

  @Test
  void theErrorAgainstFloat64IsThatOfFloat32() throws Exception {
    Path file = TestDecoders.resource("goldens/float64-reference.safetensors");
    Golden latents = TestDecoders.golden(file, "latents");
    DecodeOptions options =
        DecodeOptions.builder()
            .schedule(Schedule.TWO_STEPS)
            .noise(
                List.of(
                    TestDecoders.golden(file, "noise_1").values(),
                    TestDecoders.golden(file, "noise_2").values()))
            .build();
    for (ClampMode clamp : ClampMode.values()) {
      String name = clamp == ClampMode.EACH_STEP ? "pixels_clamped" : "pixels_unclamped";
      var decoded =
          decoder.decode(
              Latents.unscaled(latents.values(), latents.shape()),
              options.toBuilder().clamp(clamp).build());
      assertThat(
              TestDecoders.worst(
                  TestDecoders.golden(file, name).values(), decoded.pixels().values()))
          .as(name)
          .isLessThan(1e-5f);
    }
  }
}
