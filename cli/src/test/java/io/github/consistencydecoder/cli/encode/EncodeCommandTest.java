package io.github.consistencydecoder.cli.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.FakeDecoder;
import io.github.consistencydecoder.cli.FakeEncoder;
import io.github.consistencydecoder.cli.TestPictures;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class EncodeCommandTest {
  @TempDir private Path folder;

  private Path picture;

  @BeforeEach
  void writePicture() throws IOException {
    picture = TestPictures.png(folder.resolve("in").resolve("photo.png"), 24, 16, 1);
  }

  /** {@code encode} with the fake encoder. */
  private static CommandRun encode(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("encode", "--encoder", "fake"));
    all.addAll(List.of(arguments));
    return CommandRun.of(all.toArray());
  }

  private static float[] latents(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return checkpoint.floats(checkpoint.tensors().values().iterator().next());
    }
  }

  private static List<Long> shape(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return checkpoint.tensors().values().iterator().next().shape();
    }
  }

  /** What {@code decode} takes a file for. */
  private JsonNode decoded(Path file, Object... more) {
    List<Object> all =
        new ArrayList<>(List.of(file, "-o", folder.resolve("decoded.png"), "--force", "--json"));
    all.addAll(List.of(more));
    CommandRun run = CommandRun.decode(all.toArray()).exits(0);
    return new JsonMapper().readTree(run.out()).get("results").get(0);
  }

  @Test
  void theSpellingOfANameIsKept() throws IOException {
    Path kept = Files.writeString(folder.resolve("keep.npy"), "mine");
    Path out = folder.resolve("KEEP.NPY");
    assumeThat(out).as("names differ by their letters alone").doesNotExist();

    CommandRun run = encode(picture, "-o", out, "--force");

    assertThat(run.out().strip()).isEqualTo(out.toString());
    assertThat(out).exists();
    assertThat(kept).hasContent("mine");
  }

  @Test
  void latentsAreThoseOfTheEncoder() throws IOException {
    Path out = folder.resolve("out.safetensors");

    CommandRun run = encode(picture, "-o", out, "--scaled").exits(0);

    assertThat(run.out()).isEqualTo(out + System.lineSeparator());
    assertThat(shape(out)).containsExactly(1L, 4L, 2L, 3L);
    float[] values = latents(out);
    Picture blocks = TestPictures.blocks(24, 16, 1);
    for (int i = 0; i < 18; i++) {
      int level = blocks.level(i % 3 * 8, i / 3 % 2 * 8, i / 6);
      assertThat(values[i]).isCloseTo(level / 127.5f - 1, within(1e-5f));
    }
  }

  @ParameterizedTest
  @CsvSource({"vae, vae-reduced, UNSCALED", "taesd, taesd-reduced, SCALED"})
  void realEncodersAreUsed(String encoder, String model, LatentScale scale) throws IOException {
    Path goldens = TestPictures.inRepository("decoder-core/src/test/resources/goldens/" + model);
    Path out = folder.resolve("out.safetensors");
    Path cache = folder.resolve("cache");

    CommandRun.of(
            "encode", "--encoder", encoder, "-m", goldens, picture, "-o", out, "--cache", cache)
        .exits(0);

    DecoderConfig config = DecoderConfig.model(goldens.toString()).with("cache", cache.toString());
    try (LatentEncoder direct = Encoders.open(encoder, config)) {
      Latents latents = direct.encode(TestPictures.blocks(24, 16, 1).toPixels());
      assertThat(latents.scale()).isEqualTo(scale);
      float[] expected = new float[latents.size()];
      latents.to(LatentScale.UNSCALED).values().get(expected);
      assertThat(latents(out)).containsExactly(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "out.safetensors, --unscaled, unscaled, its metadata says so",
    "out.safetensors, --scaled, scaled, its metadata says so",
    "out.latent, --unscaled, unscaled, a ComfyUI latent",
  })
  void whatIsWrittenIsDecodedAsTheSameScale(
      String name, String option, String scale, String decision) throws IOException {
    Path out = folder.resolve(name);

    assertThat(encode(picture, "-o", out, option).code()).isZero();

    JsonNode result = decoded(out);
    assertThat(result.get("latents").asString()).isEqualTo(scale);
    assertThat(result.get("latents_decision").asString()).contains(decision);
    // The way there and back is the picture, within half a level.
    Picture back = TestPictures.read(folder.resolve("decoded.png"));
    Picture blocks = TestPictures.blocks(24, 16, 1);
    for (int i = 0; i < 24 * 16 * 3; i++) {
      assertThat((double) back.level(i / 3 % 24, i / 72, i % 3))
          .isCloseTo(blocks.level(i / 3 % 24, i / 72, i % 3), within(1.0));
    }
  }

  @Test
  void unscaledIsTheUsualUnit() throws IOException {
    encode(picture, "-o", folder.resolve("a.safetensors"));
    encode(picture, "-o", folder.resolve("b.safetensors"), "--scaled");

    float[] unscaled = latents(folder.resolve("a.safetensors"));
    float[] scaled = latents(folder.resolve("b.safetensors"));
    for (int i = 0; i < scaled.length; i++) {
      assertThat(unscaled[i] * 0.18215f).isCloseTo(scaled[i], within(1e-6f));
    }
  }

  @Test
  void npyHoldsTheValuesAndTheScaleIsSaid() throws IOException {
    Path out = folder.resolve("out.npy");

    CommandRun run = encode(picture, "-o", out, "--scaled");

    assertThat(run.err()).contains("note: a .npy file cannot say its scale: these are scaled");
    assertThat(shape(out)).containsExactly(1L, 4L, 2L, 3L);
    encode(picture, "-o", folder.resolve("b.safetensors"), "--scaled");
    assertThat(latents(out)).isEqualTo(latents(folder.resolve("b.safetensors")));
    assertThat(decoded(out, "--latents", "scaled").get("latents").asString()).isEqualTo("scaled");
  }

  @Test
  void comfyLatentHasItsTwoTensors() throws IOException {
    Path out = folder.resolve("out.latent");

    encode(picture, "-o", out);

    try (Checkpoint checkpoint = Checkpoints.open(out)) {
      assertThat(checkpoint.tensors()).containsOnlyKeys("latent_tensor", "latent_format_version_0");
      assertThat(checkpoint.tensor("latent_tensor").shape()).containsExactly(1L, 4L, 2L, 3L);
      assertThat(checkpoint.tensor("latent_format_version_0").shape()).containsExactly(0L);
    }
  }

  @Test
  void metadataTellsHowTheyWereMade() throws IOException {
    Path out = folder.resolve("out.safetensors");

    encode(picture, "-o", out, "-m", "m", "--size", "16", "--threads", 1);

    try (Checkpoint checkpoint = Checkpoints.open(out)) {
      assertThat(checkpoint.metadata())
          .containsEntry("encoder", "fake")
          .containsEntry("model", "m")
          .containsEntry("digest", FakeDecoder.DIGEST)
          .containsEntry("picture", "photo.png")
          .containsEntry("fit", "crop 16x16")
          .containsEntry("scale", "unscaled")
          .containsEntry("scaling_factor", "0.18215")
          .doesNotContainKey("threads");
    }
  }

  @Test
  void sameRunGivesTheSameBytes() {
    encode(picture, "-o", folder.resolve("a.safetensors"));
    encode(picture, "-o", folder.resolve("b.safetensors"));

    assertThat(folder.resolve("a.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("b.safetensors"));
  }

  @ParameterizedTest
  @CsvSource({
    "crop, '[1, 4, 3, 4]', 'it was cropped from 37x26 to 32x24, its middle'",
    "pad, '[1, 4, 4, 5]', 'it was padded from 37x26 to 40x32 by repeating its edges'",
  })
  void otherSizesAreFittedAndItIsSaid(String fit, String shape, String note) throws IOException {
    Path odd = TestPictures.png(folder.resolve("odd.png"), 37, 26, 2);
    Path out = folder.resolve("out.safetensors");

    CommandRun run = encode(odd, "-o", out, "--fit", fit).exits(0);

    assertThat(run.err()).contains("note: " + odd + ": " + note);
    assertThat(shape(out)).hasToString(shape);
  }

  @Test
  void otherSizesAreRefusedIfAsked() throws IOException {
    Path odd = TestPictures.png(folder.resolve("odd.png"), 37, 26, 2);

    CommandRun run = encode(odd, picture, "-o", folder.resolve("out"), "--fit", "refuse").exits(4);

    assertThat(run.err()).contains("error: " + odd + ": is 37x26 pixels, multiples of 8");
    assertThat(run.out()).contains("photo.safetensors");
  }

  @Test
  void allGetTheSizeAskedFor() throws IOException {
    TestPictures.png(folder.resolve("in").resolve("wide.png"), 90, 30, 3);

    encode(folder.resolve("in"), "-o", folder.resolve("out"), "--size", "32x16").exits(0);

    assertThat(shape(folder.resolve("out").resolve("photo.safetensors")))
        .containsExactly(1L, 4L, 2L, 4L);
    assertThat(shape(folder.resolve("out").resolve("wide.safetensors")))
        .containsExactly(1L, 4L, 2L, 4L);
  }

  @Test
  void folderMeansThePicturesInIt() throws IOException {
    TestPictures.png(folder.resolve("in").resolve("other.PNG"), 16, 16, 3);
    Files.writeString(folder.resolve("in").resolve("README.md"), "about these pictures");
    TestPictures.png(folder.resolve("in").resolve("below").resolve("deep.png"), 16, 16, 4);
    Path out = folder.resolve("out");

    CommandRun run = encode(folder.resolve("in"), picture, "-o", out, "--format", "npy").exits(0);

    assertThat(run.err())
        .contains("note: " + folder.resolve("in") + ": left out 1 file of another kind");
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("photo.npy", "other.npy");
    }
  }

  @Test
  void badPicturesAmongGoodOnesGetALineEachAndTheRestIsDone() throws IOException {
    Path in = folder.resolve("mixed");
    Map<String, String> bad = TestPictures.writeBad(in);
    Map<String, String> unusual = TestPictures.writeUnusual(in);
    Path out = folder.resolve("out");

    CommandRun run = encode(in, "-o", out).exits(4);

    List<String> errors = run.err().lines().filter(line -> line.startsWith("error: ")).toList();
    assertThat(errors).hasSameSizeAs(bad.keySet());
    bad.forEach(
        (name, reason) ->
            assertThat(errors)
                .as(name)
                .anyMatch(line -> line.startsWith("error: " + in.resolve(name) + ": " + reason)));
    assertThat(run.err()).doesNotContain("\tat ");
    unusual.forEach(
        (name, note) -> {
          if (!note.isEmpty()) {
            assertThat(run.err()).contains("note: " + in.resolve(name) + ": " + note);
          }
        });
    assertThat(run.out().lines()).hasSameSizeAs(unusual.keySet());
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files).hasSameSizeAs(unusual.keySet());
    }
  }

  @Test
  void failureWhileEncodingDoesNotStopTheOthers() throws IOException {
    Path small = TestPictures.png(folder.resolve("small.png"), 16, 16, 5);

    CommandRun run = encode(picture, small, "-o", folder.resolve("out"), "-m", "failing").exits(1);

    assertThat(run.err()).contains("error: " + picture + ": the runtime failed");
    assertThat(run.out()).contains("small.safetensors").doesNotContain("photo");
    assertThat(FakeEncoder.OPEN).hasValue(0);
  }

  @Test
  void existingFileIsKeptUnlessForced() throws IOException {
    Path out = Files.writeString(folder.resolve("out.npy"), "mine");

    CommandRun kept = encode(picture, "-o", out).exits(1);

    assertThat(kept.err()).contains("error: " + out + ": exists already; --force replaces it");
    assertThat(out).hasContent("mine");
    assertThat(encode(picture, "-o", out, "--force").code()).isZero();
    assertThat(shape(out)).hasSize(4);
  }

  @Test
  void encodingThatWillNotFitIsWarnedAbout() {
    CommandRun run = encode(picture, "-o", folder.resolve("o.npy"), "-m", "huge").exits(0);

    assertThat(run.err()).contains("warning: " + picture + ": encoding needs about", "GB");
  }

  @Test
  void jsonTellsEverything() throws IOException {
    Path bad = Files.write(folder.resolve("bad.png"), new byte[0]);

    CommandRun run = encode(picture, bad, "-o", folder.resolve("out"), "--json");

    JsonNode document = new JsonMapper().readTree(run.out());
    assertThat(document.get("exit_code").asInt()).isEqualTo(4);
    assertThat(document.get("model").get("encoder").asString()).isEqualTo("fake");
    JsonNode good = document.get("results").get(0);
    assertThat(good.get("file").asString()).endsWith("photo.safetensors");
    assertThat(good.get("latents_shape").toString()).isEqualTo("[1,4,2,3]");
    assertThat(good.get("latents").asString()).isEqualTo("unscaled");
    assertThat(document.get("results").get(1).get("error").asString()).contains("is empty");
  }
}
