package io.github.consistencydecoder.core.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.core.TestDecoders.Golden;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.SafetensorsWriter;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.testing.NameTable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same values as diffusers' autoencoders at reduced widths, opened from what it saved. */
class AutoencoderGoldenTest {
  /** The bar set for this comparison; PyTorch's own float32 error is some 1e-6. */
  private static final float TOLERANCE = 1e-4f;

  private static final Path VAE = TestDecoders.resource("goldens/vae-reduced");
  private static final Path TAESD = TestDecoders.resource("goldens/taesd-reduced");
  private static final List<String> DECODE =
      List.of("square-4x4", "single-cell", "batch-5x7", "odd-3x11");
  private static final List<String> ENCODE = List.of("square-32x32", "single-cell", "batch-40x24");

  @TempDir static Path cache;

  @Test
  void theVaeDecodesAsDiffusers() throws Exception {
    try (LatentDecoder decoder = new AutoencoderProviders.VaeDecoderProvider().open(config(VAE))) {
      for (String name : DECODE) {
        assertThat(error(decoder, VAE, name, LatentScale.UNSCALED)).as(name).isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void taesdDecodesAsDiffusers() throws Exception {
    try (LatentDecoder decoder =
        new AutoencoderProviders.TaesdDecoderProvider().open(config(TAESD))) {
      for (String name : DECODE) {
        assertThat(error(decoder, TAESD, name, LatentScale.SCALED)).as(name).isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void theVaeEncodesToDiffusersMeans() throws Exception {
    try (LatentEncoder encoder = new AutoencoderProviders.VaeEncoderProvider().open(config(VAE))) {
      for (String name : ENCODE) {
        Path cases = VAE.resolve("cases.safetensors");
        assertThat(meanError(encoder, cases, name)).as(name).isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void theEncoderBesideAConsistencyDecoderEncodesAsDiffusers() throws Exception {
    Path model = TestDecoders.resource("goldens/diffusers-reduced");
    try (LatentEncoder encoder =
        new AutoencoderProviders.VaeEncoderProvider().open(config(model))) {
      for (String name : List.of("square-32x32", "batch-40x24")) {
        Path cases = TestDecoders.resource("goldens/consistency-encoder.safetensors");
        assertThat(meanError(encoder, cases, name)).as(name).isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void taesdEncodesAsDiffusers() throws Exception {
    try (LatentEncoder encoder =
        new AutoencoderProviders.TaesdEncoderProvider().open(config(TAESD))) {
      for (String name : ENCODE) {
        Golden expected = golden(TAESD.resolve("cases.safetensors"), "encode." + name + ".latents");
        Latents latents = encode(encoder, TAESD.resolve("cases.safetensors"), name);
        assertThat(latents.scale()).isEqualTo(LatentScale.SCALED);
        assertThat(TestDecoders.worst(expected.values(), latents.values()))
            .as(name)
            .isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void taesdsOriginalFilesGiveTheSame() throws Exception {
    Path original = TAESD.resolve("original");
    Path cases = TAESD.resolve("cases.safetensors");
    try (LatentEncoder published =
            new AutoencoderProviders.TaesdEncoderProvider().open(config(TAESD));
        LatentEncoder encoder =
            new AutoencoderProviders.TaesdEncoderProvider().open(config(original))) {
      assertThat(encode(encoder, cases, "square-32x32").values())
          .isEqualTo(encode(published, cases, "square-32x32").values());
    }
    // In half precision: the golden is of the rounded weights.
    try (LatentDecoder decoder =
        new AutoencoderProviders.TaesdDecoderProvider()
            .open(config(original.resolve("taesd_decoder.pth")))) {
      Golden latents = golden(cases, "decode.square-4x4.latents");
      Golden pixels = golden(cases, "decode.square-4x4.rounded.pixels");
      FloatBuffer decoded =
          decoder
              .decode(Latents.scaled(latents.values(), latents.shape()), DecodeOptions.defaults())
              .pixels()
              .values();
      assertThat(TestDecoders.worst(pixels.values(), decoded)).isLessThan(TOLERANCE);
    }
  }

  @Test
  void aFullCheckpointInTheOriginalNamesGivesTheSame(@TempDir Path folder) throws Exception {
    List<SafetensorsWriter.Entry> entries = new ArrayList<>();
    entries.add(floats("model.diffusion_model.out.0.weight", List.of(3L), new float[3]));
    entries.add(floats("model_ema.decay", List.of(), new float[1]));
    try (Checkpoint checkpoint = Checkpoints.open(VAE)) {
      for (NameTable.Row row : NameTable.of("sd-vae")) {
        var tensor = checkpoint.tensor(row.diffusers());
        List<Long> shape = new ArrayList<>(tensor.shape());
        while (shape.size() < row.originalShape().size()) {
          shape.add(1L);
        }
        entries.add(
            floats("first_stage_model." + row.original(), shape, checkpoint.floats(tensor)));
      }
    }
    assertSameAsPublished(folder, entries);
  }

  @Test
  void theAttentionsDeprecatedNamesGiveTheSame(@TempDir Path folder) throws Exception {
    List<SafetensorsWriter.Entry> entries = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoints.open(VAE)) {
      for (var tensor : checkpoint.tensors().values()) {
        String name =
            tensor
                .name()
                .replace("to_q", "query")
                .replace("to_k", "key")
                .replace("to_v", "value")
                .replace("to_out.0", "proj_attn");
        entries.add(floats(name, tensor.shape(), checkpoint.floats(tensor)));
      }
    }
    assertThat(entries).anyMatch(e -> e.name().endsWith("attentions.0.proj_attn.bias"));
    assertSameAsPublished(folder, entries);
  }

  @Test
  void aPipelinesFolderIsOpenedAtItsVae(@TempDir Path folder) throws Exception {
    Path vae = Files.createDirectories(folder.resolve("vae"));
    Files.writeString(folder.resolve("model_index.json"), "{}");
    for (String file : List.of("config.json", "diffusion_pytorch_model.safetensors")) {
      Files.copy(VAE.resolve(file), vae.resolve(file));
    }
    try (LatentDecoder decoder =
        new AutoencoderProviders.VaeDecoderProvider().open(config(folder))) {
      assertThat(error(decoder, VAE, "square-4x4", LatentScale.UNSCALED)).isLessThan(TOLERANCE);
    }
  }

  @Test
  void halfPrecisionIsClose() throws Exception {
    DecoderConfig half = config(VAE).with(DecoderConfig.DTYPE, "float16");
    try (LatentDecoder decoder = new AutoencoderProviders.VaeDecoderProvider().open(half)) {
      assertThat(error(decoder, VAE, "batch-5x7", LatentScale.UNSCALED)).isBetween(1e-5f, 5e-2f);
    }
    half = config(TAESD).with(DecoderConfig.DTYPE, "float16");
    try (LatentDecoder decoder = new AutoencoderProviders.TaesdDecoderProvider().open(half)) {
      assertThat(error(decoder, TAESD, "batch-5x7", LatentScale.SCALED)).isBetween(1e-5f, 2e-2f);
    }
  }

  @Test
  void theSecondOpeningUsesTheCacheAndGivesTheSameBytes(@TempDir Path own) throws Exception {
    Golden latents = golden(VAE.resolve("cases.safetensors"), "decode.square-4x4.latents");
    List<FloatBuffer> pictures = new ArrayList<>();
    List<String> origins = new ArrayList<>();
    for (int k = 0; k < 2; k++) {
      try (LatentDecoder decoder =
          new AutoencoderProviders.VaeDecoderProvider().open(TestDecoders.config(VAE, own))) {
        origins.add(decoder.info().details().get("graph"));
        pictures.add(
            decoder
                .decode(
                    Latents.unscaled(latents.values(), latents.shape()), DecodeOptions.defaults())
                .pixels()
                .values());
      }
    }
    assertThat(origins).containsExactly("built", "cache");
    assertThat(pictures.get(1)).isEqualTo(pictures.get(0));
  }

  private static void assertSameAsPublished(Path folder, List<SafetensorsWriter.Entry> entries)
      throws IOException {
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), entries);
    Files.copy(VAE.resolve("config.json"), folder.resolve("config.json"));
    Path cases = VAE.resolve("cases.safetensors");
    try (LatentDecoder decoder =
            new AutoencoderProviders.VaeDecoderProvider().open(config(folder));
        LatentEncoder encoder = new AutoencoderProviders.VaeEncoderProvider().open(config(folder));
        LatentEncoder published = new AutoencoderProviders.VaeEncoderProvider().open(config(VAE))) {
      assertThat(error(decoder, VAE, "square-4x4", LatentScale.UNSCALED)).isLessThan(TOLERANCE);
      assertThat(encode(encoder, cases, "square-32x32").values())
          .isEqualTo(encode(published, cases, "square-32x32").values());
    }
  }

  private static SafetensorsWriter.Entry floats(String name, List<Long> shape, float[] values) {
    return SafetensorsWriter.floats(name, DType.F32, shape, values);
  }

  private static float error(LatentDecoder decoder, Path model, String name, LatentScale scale)
      throws IOException {
    Path cases = model.resolve("cases.safetensors");
    Golden latents = golden(cases, "decode." + name + ".latents");
    Golden pixels = golden(cases, "decode." + name + ".pixels");
    var decoded =
        decoder.decode(
            Latents.of(scale, latents.values(), latents.shape()), DecodeOptions.defaults());
    return TestDecoders.worst(pixels.values(), decoded.pixels().values());
  }

  /** The largest difference from the means, the first half of each picture's moments. */
  private static float meanError(LatentEncoder encoder, Path cases, String name)
      throws IOException {
    Golden moments = golden(cases, "encode." + name + ".moments");
    Latents latents = encode(encoder, cases, name);
    assertThat(latents.scale()).isEqualTo(LatentScale.UNSCALED);
    int n = moments.values().length / (int) moments.shape()[0];
    float worst = 0;
    for (int k = 0; k < latents.batch(); k++) {
      float[] means = Arrays.copyOfRange(moments.values(), k * n, k * n + n / 2);
      worst = Math.max(worst, TestDecoders.worst(means, latents.image(k).values()));
    }
    return worst;
  }

  private static Latents encode(LatentEncoder encoder, Path cases, String name) throws IOException {
    Golden x = golden(cases, "encode." + name + ".pixels");
    return encoder.encode(
        Pixels.takeOver(x.values(), (int) x.shape()[0], (int) x.shape()[2], (int) x.shape()[3]));
  }

  private static Golden golden(Path file, String tensor) throws IOException {
    return TestDecoders.golden(file, tensor);
  }

  private static DecoderConfig config(Path model) {
    return TestDecoders.config(model, cache);
  }
}
