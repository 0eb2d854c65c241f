package io.github.consistencydecoder.core.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;
import io.github.consistencydecoder.plugin.LatentEncoderProvider;
import io.github.consistencydecoder.plugin.PictureMetricProvider;
import io.github.consistencydecoder.plugin.PictureMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The providers are found, and what is no model of theirs is refused in words. */
class AutoencoderErrorsTest {
  @TempDir Path cache;

  @Test
  void allProvidersAreFound() {
    assertThat(Decoders.providers())
        .extracting(LatentDecoderProvider::name)
        .contains("consistency", "preview", "taesd", "vae");
    assertThat(Encoders.providers())
        .extracting(LatentEncoderProvider::name)
        .filteredOn(name -> !name.equals("vaelight"))
        .containsExactly("taesd", "vae");
    assertThat(PictureMetrics.providers())
        .extracting(PictureMetricProvider::name)
        .containsExactly("lpips-squeeze");
    assertThat(Encoders.providers())
        .filteredOn(p -> !p.name().equals("vaelight"))
        .allMatch(p -> p.availability().available());
  }

  @Test
  void aConsistencyDecoderIsRefused() {
    DecoderConfig config = config("goldens/diffusers-reduced");
    assertRefused(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> Decoders.open("vae", config),
        "diffusers-reduced has no Stable Diffusion VAE decoder: it holds a consistency decoder and"
            + " a Stable Diffusion VAE encoder");
    assertRefused(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> Decoders.open("taesd", config),
        "diffusers-reduced has no TAESD decoder: it holds a consistency decoder");
    assertRefused(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> Encoders.open("vae", config("formats/f32/torchscript")),
        "has no Stable Diffusion VAE encoder: it holds a consistency decoder");
  }

  @Test
  void theOneAutoencoderIsNotTheOther() {
    assertRefused(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> Decoders.open("vae", config("goldens/taesd-reduced")),
        "has no Stable Diffusion VAE decoder: it looks like TAESD");
    assertRefused(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> Encoders.open("taesd", config("goldens/vae-reduced")),
        "has no TAESD encoder: it holds a Stable Diffusion VAE");
    assertRefused(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> Decoders.open("consistency", config("goldens/vae-reduced")),
        "AutoencoderKL");
  }

  @Test
  void theOtherHalfOfAPairIsNamed() {
    assertRefused(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> Decoders.open("taesd", config("goldens/taesd-reduced/original/taesd_encoder.pth")),
        "taesd_encoder.pth has no TAESD decoder: it looks like TAESD's encoder");
  }

  @Test
  void anotherFamilysConfigurationIsRefused() throws Exception {
    Path folder = Files.createDirectory(cache.resolve("sdxl"));
    Path model = TestDecoders.resource("goldens/vae-reduced");
    String weights = "diffusion_pytorch_model.safetensors";
    Files.copy(model.resolve(weights), folder.resolve(weights));
    Files.writeString(
        folder.resolve("config.json"),
        Files.readString(model.resolve("config.json")).replace("0.18215", "0.13025"));
    assertRefused(
        DecoderErrorCode.MODEL_CORRUPT,
        () -> Decoders.open("vae", TestDecoders.config(folder, cache)),
        "scaling_factor is 0.13025, as of SDXL");
  }

  @Test
  void aModelThatIsNotThereIsSaidWithWhatToDo() {
    assertRefused(
        DecoderErrorCode.MODEL_MISSING,
        () -> Decoders.open("vae", DecoderConfig.empty().with(DecoderConfig.DEVICE, "cpu")),
        "sd-vae-ft-mse");
    assertRefused(
        DecoderErrorCode.MODEL_MISSING,
        () -> PictureMetrics.open("lpips-squeeze", DecoderConfig.empty()),
        "lpips-squeeze needs a file of weights: set 'model'");
  }

  @Test
  void anUnknownSettingIsNamed() {
    assertRefused(
        DecoderErrorCode.INVALID_OPTIONS,
        () -> Encoders.open("taesd", DecoderConfig.empty().with("steps", "2")),
        "setting 'steps' is unknown; TAESD's encoder has cache, cuda.options, device, dtype,"
            + " memory, model, threads");
  }

  private DecoderConfig config(String resource) {
    return TestDecoders.config(TestDecoders.resource(resource), cache);
  }

  private static void assertRefused(DecoderErrorCode code, ThrowingCallable call, String... words) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(DecoderException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(words);
  }
}
