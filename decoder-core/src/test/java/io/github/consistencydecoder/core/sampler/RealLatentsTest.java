package io.github.consistencydecoder.core.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.LatentScaleGuess;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Latents that Stable Diffusion 1.4 and three releases of TAESD really made. */
class RealLatentsTest {
  @ParameterizedTest
  @CsvSource({
    "astronaut_horse_sd14_f32_unscaled.npy, UNSCALED",
    "crepe/taesd1.1_latent_f32_scaled.npy, SCALED",
    "crepe/taesd1.2_latent_f32_scaled.npy, SCALED",
    "crepe/taesd1.3_latent_f32_scaled.npy, SCALED"
  })
  void realLatentsDrawNoWarningAndTheirScaleIsGuessed(String file, LatentScale scale)
      throws IOException {
    Latents latents = read(file, scale);
    assertThat(LatentCheck.check(latents)).isEmpty();

    LatentScale other = scale == LatentScale.SCALED ? LatentScale.UNSCALED : LatentScale.SCALED;
    assertThat(LatentCheck.check(latents.to(other))).isEmpty();
    for (Latents either : new Latents[] {latents, latents.to(other)}) {
      LatentScaleGuess guess = LatentScaleGuess.of(either.statistics());
      assertThat(guess.scale()).isEqualTo(either.scale());
      assertThat(guess.clear()).isTrue();
    }

    float[] values = new float[latents.size()];
    latents.values().get(values);
    assertThat(LatentCheck.check(Latents.of(other, values, 1, 4, 64, 64)))
        .as("warnings for the wrong scale")
        .singleElement()
        .asString()
        .contains("they look " + scale.name().toLowerCase(Locale.ROOT));
  }

  /** A NumPy array of little-endian float32 in C order, {@code [1, 4, 64, 64]}. */
  private static Latents read(String file, LatentScale scale) throws IOException {
    Path path =
        Path.of(System.getProperty("project.root", ".."), "../shared/data/sd1-latents", file);
    assumeTrue(Files.exists(path), () -> "no real latents at " + path + ": not checked");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(10 + bytes.getShort(8));
    float[] values = new float[4 * 64 * 64];
    bytes.asFloatBuffer().get(values);
    return Latents.of(scale, values, 1, 4, 64, 64);
  }
}
