package io.github.consistencydecoder.cli.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class DecodeCommandTest {
  @TempDir private Path folder;

  private float[] scaled;
  private Path latents;

  @BeforeEach
  void writeLatents() throws IOException {
    scaled = SampleLatents.values(4 * 2 * 3, 1);
    latents = TensorBytes.npy(folder.resolve("latents.npy"), scaled, 1, 4, 2, 3);
  }

  @Test
  void pictureShowsTheLatents() throws IOException {
    Path out = folder.resolve("out.png");

    CommandRun run = CommandRun.decode(latents, "-o", out, "--latents", "scaled").exits(0);

    assertThat(run.out()).isEqualTo(out + System.lineSeparator());
    assertShows(out, scaled, 0);
  }

  private void assertShows(Path picture, float[] values, int image) throws IOException {
    BufferedImage read = ImageIO.read(picture.toFile());
    assertThat(read.getWidth()).isEqualTo(24);
    assertThat(read.getHeight()).isEqualTo(16);
    for (int c = 0; c < 3; c++) {
      for (int cell = 0; cell < 6; cell++) {
        float value = values[(image * 4 + c) * 6 + cell];
        long level = Math.round(Math.min(Math.max(value / 2.0 + 0.5, 0), 1) * 255);
        int rgb = read.getRGB(cell % 3 * 8 + 5, cell / 3 * 8 + 7);
        // one level of slack: half a level is decided in float there and in double here
        assertThat(rgb >> (16 - 8 * c) & 0xff).isBetween((int) level - 1, (int) level + 1);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"KEEP.PNG, keep.png", "Keep.Npy, keep.npy", "KEEP.SafeTensors, KEEP.safetensors"})
  void theSpellingOfANameIsKept(String named, String other) throws IOException {
    Path out = folder.resolve(named);
    Path kept = Files.writeString(folder.resolve(other), "mine");
    assumeThat(out).as("names differ by their letters alone").doesNotExist();

    CommandRun run =
        CommandRun.decode(latents, "-o", out, "--latents", "scaled", "--force").exits(0);

    assertThat(run.out()).isEqualTo(out + System.lineSeparator());
    assertThat(out).exists();
    assertThat(kept).hasContent("mine");
  }

  @Test
  void theSpellingOfANameIsKeptInABatch() throws IOException {
    float[] both = SampleLatents.values(2 * 4 * 2 * 3, 1);
    Path batch = TensorBytes.npy(folder.resolve("batch.npy"), both, 2, 4, 2, 3);

    CommandRun run =
        CommandRun.decode(batch, "-o", folder.resolve("KEEP.PNG"), "--latents", "scaled");

    assertThat(run.out().lines())
        .containsExactly(
            folder.resolve("KEEP-0.PNG").toString(), folder.resolve("KEEP-1.PNG").toString());
  }

  @Test
  void aFileMayBeCalledLikeAListOfArguments() throws IOException {
    Path options = Files.writeString(folder.resolve("@x"), "--no-such-option");

    CommandRun run = CommandRun.decode("@" + options, "-o", folder.resolve("out.png")).exits(4);

    assertThat(run.err()).contains("error: @" + options + ": no such file or folder");
  }

  @Test
  void whatSteersATerminalIsShownAndNotObeyed() throws IOException {
    for (String name : List.of("a\u001b[31mb", "a\u009b2Jb", "a\u007fb", "a\nb", "a\u202eb")) {
      Path file = folder.resolve(name + ".npy");
      CommandRun missing = CommandRun.decode(file, "-o", folder.resolve("out.png"), "--debug");
      TensorBytes.npy(file, scaled, 1, 4, 2, 3);
      CommandRun found = CommandRun.decode(file, "-o", folder.resolve("out"), "--force");
      CommandRun json = CommandRun.decode(file, "-o", folder.resolve("out"), "--force", "--json");

      String shown = String.format("a\\u%04x", (int) name.charAt(1));
      // An end of a line becomes a space in a sentence.
      assertThat(missing.err()).contains(name.contains("\n") ? "a b" : shown);
      assertThat(found.out()).contains(shown).hasLineCount(1);
      for (String text : List.of(missing.err(), found.out(), found.err(), json.out())) {
        assertThat(text).doesNotContain("\u001b", "\u009b", "\u007f", "\u202e");
      }
      assertThat(new JsonMapper().readTree(json.out()).toString()).contains("npy");
    }
  }

  @Test
  void pngTellsHowItWasMade() throws IOException {
    Path out = folder.resolve("out.png");

    CommandRun.decode(latents, "-o", out, "--seed", 42, "--steps", 1, "--clamp", "none", "-m", "m");

    PngChunks chunks = PngChunks.of(out);
    assertThat(chunks.types()).startsWith("IHDR").endsWith("IEND").doesNotContain("tIME", "PLTE");
    assertThat(chunks.text())
        .containsEntry("model", "m")
        .containsEntry("digest", FakeDecoder.DIGEST)
        .containsEntry("decoder", "fake")
        .containsEntry("seed", "42")
        .containsEntry("schedule", "1008")
        .containsEntry("clamp", "none")
        .containsEntry("latents", "scaled")
        .containsEntry("rounding", "nearest");
    assertThat(chunks.text().get("Software")).matches("consistency-decoder \\d.*");
  }

  @Test
  void aPictureThatWasDividedIsSaidToBeButNotInItsFile() throws IOException {
    Path out = folder.resolve("out.png");
    CommandRun whole = CommandRun.decode(latents, "-o", out, "--latents", "scaled", "-m", "m");
    assertThat(whole.err()).doesNotContain("decoded in parts");

    CommandRun divided =
        CommandRun.decode(latents, "-o", out, "--force", "--latents", "scaled", "-m", "divided");
    assertThat(divided.err())
        .contains("note: " + latents + ": decoded in parts (exact, bands of 8 rows)");
    assertThat(PngChunks.of(out).text()).doesNotContainKey("plan");

    CommandRun json = CommandRun.decode(latents, "-o", out, "--force", "-m", "divided", "--json");
    assertThat(json.out()).contains("\"plan\" : \"exact, bands of 8 rows\"");
  }

  @Test
  void parametersBeyondLatin1GoIntoInternationalText() throws IOException {
    Path out = folder.resolve("out.png");

    CommandRun.decode(latents, "-o", out, "-m", "模型");

    assertThat(PngChunks.of(out).internationalText()).isEqualTo(Map.of("model", "模型"));
    assertThat(ImageIO.read(out.toFile())).isNotNull();
  }

  @Test
  void greyPictureIsStillWrittenAsColour() throws IOException {
    Path grey = TensorBytes.npy(folder.resolve("grey.npy"), new float[4], 1, 4, 1, 1);
    Path out = folder.resolve("out.png");

    CommandRun.decode(grey, "-o", out, "--latents", "scaled");

    byte colourType = Files.readAllBytes(out)[25];
    assertThat(colourType).isEqualTo((byte) 2);
  }

  @Test
  void sameRunGivesTheSameBytes() throws IOException {
    CommandRun.decode(latents, "-o", folder.resolve("a.png"));
    CommandRun.decode(latents, "-o", folder.resolve("b.png"));

    assertThat(folder.resolve("a.png")).hasSameBinaryContentAs(folder.resolve("b.png"));
  }

  @Test
  void truncatingRoundsDown() throws IOException {
    // (0.5 + 1) * 127.5 = 191.25 and round((0.5 / 2 + 0.5) * 255) = 191; -0.005: 126.86 and 127
    Path half = TensorBytes.npy(folder.resolve("half.npy"), filled(-0.005f, 4), 1, 4, 1, 1);

    CommandRun.decode(half, "-o", folder.resolve("n.png"), "--latents", "scaled");
    CommandRun.decode(
        half, "-o", folder.resolve("t.png"), "--latents", "scaled", "--rounding", "truncate");

    assertThat(ImageIO.read(folder.resolve("n.png").toFile()).getRGB(0, 0) & 0xff).isEqualTo(127);
    assertThat(ImageIO.read(folder.resolve("t.png").toFile()).getRGB(0, 0) & 0xff).isEqualTo(126);
  }

  private static float[] filled(float value, int count) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void npyOutputIsFloatPixels() throws IOException {
    Path out = folder.resolve("out.npy");

    CommandRun.decode(latents, "-o", out, "--latents", "scaled").exits(0);

    byte[] bytes = Files.readAllBytes(out);
    int header = 10 + ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort(8);
    assertThat(new String(bytes, 10, header - 10, StandardCharsets.US_ASCII))
        .contains("'<f4'", "(1, 3, 16, 24)");
    assertThat(bytes).hasSize(header + 4 * 3 * 16 * 24);
    assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getFloat(header))
        .isEqualTo(scaled[0]);
  }

  @Test
  void safetensorsOutputIsFloatPixelsWithTheParameters() throws IOException {
    Path out = folder.resolve("out.safetensors");

    CommandRun.decode(latents, "-o", out, "--latents", "scaled", "--seed", "7", "-m", "m").exits(0);

    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(out)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong(0);
    JsonNode header =
        new JsonMapper().readTree(new String(bytes.array(), 8, length, StandardCharsets.UTF_8));
    assertThat(header.get("pixels").get("shape").toString()).isEqualTo("[1,3,16,24]");
    assertThat(header.get("pixels").get("dtype").asString()).isEqualTo("F32");
    assertThat(header.get("__metadata__").get("seed").asString()).isEqualTo("7");
    assertThat(header.get("__metadata__").get("digest").asString()).isEqualTo(FakeDecoder.DIGEST);
    assertThat(bytes.getFloat(8 + length)).isEqualTo(scaled[0]);
  }

  @Test
  void batchBecomesNumberedPictures() throws IOException {
    float[] values = SampleLatents.values(11 * 24, 3);
    Path batch = TensorBytes.npy(folder.resolve("batch.npy"), values, 11, 4, 2, 3);

    CommandRun run = CommandRun.decode(batch, "-o", folder.resolve("p.png"), "--latents", "scaled");

    assertThat(run.out().lines()).hasSize(11);
    assertShows(folder.resolve("p-00.png"), values, 0);
    assertShows(folder.resolve("p-10.png"), values, 10);
    assertThat(PngChunks.of(folder.resolve("p-10.png")).text()).containsEntry("image", "10 of 11");
    assertThat(folder.resolve("p.png")).doesNotExist();
  }

  @Test
  void folderTakesTheNamesOfTheInputs() throws IOException {
    Path other = TensorBytes.npy(folder.resolve("other.npy"), scaled, 1, 4, 2, 3);
    Path out = folder.resolve("new").resolve("pictures");

    CommandRun.decode(latents, other, "-o", out).exits(0);

    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("latents.png", "other.png");
    }
  }

  @Test
  void formatChoosesWhatAFolderGets() {
    CommandRun.decode(latents, "-o", folder.resolve("d"), "--format", "safetensors").exits(0);

    assertThat(folder.resolve("d").resolve("latents.safetensors")).exists();
  }

  @Test
  void existingFileIsKeptUnlessForced() throws IOException {
    Path out = Files.writeString(folder.resolve("out.png"), "mine");

    CommandRun kept = CommandRun.decode(latents, "-o", out).exits(1);

    assertThat(kept.err()).contains("error: " + out + ": exists already; --force replaces it");
    assertThat(out).hasContent("mine");
    CommandRun.decode(latents, "-o", out, "--force").exits(0);
    assertThat(ImageIO.read(out.toFile())).isNotNull();
  }

  @Test
  void existingPictureOfABatchIsKept() throws IOException {
    Path batch = TensorBytes.npy(folder.resolve("b.npy"), SampleLatents.values(48, 1), 2, 4, 2, 3);
    Files.writeString(folder.resolve("p-1.png"), "mine");

    CommandRun run = CommandRun.decode(batch, "-o", folder.resolve("p.png")).exits(1);

    assertThat(run.err()).contains("p-1.png: exists already");
    assertThat(folder.resolve("p-0.png")).doesNotExist();
  }

  @Test
  void inputIsNotReplacedEvenWhenForced() {
    CommandRun run = CommandRun.decode(latents, "-o", latents, "--force").exits(2);

    assertThat(run.err()).contains("is an input, it is not replaced even with --force");
  }

  @Test
  void oneBadInputDoesNotStopTheOthers() throws IOException {
    Path bad = Files.writeString(folder.resolve("bad.npy"), "nonsense");
    Path out = folder.resolve("out");

    CommandRun run = CommandRun.decode(bad, latents, "-o", out).exits(4);

    assertThat(run.err()).contains("error: " + bad + ":").doesNotContain("\tat ");
    assertThat(run.out()).isEqualTo(out.resolve("latents.png") + System.lineSeparator());
  }

  @Test
  void failureWhileDecodingDoesNotStopTheOthers() throws IOException {
    Path small = TensorBytes.npy(folder.resolve("small.npy"), new float[4], 1, 4, 1, 1);

    CommandRun run =
        CommandRun.decode(latents, small, "-o", folder.resolve("out"), "-m", "failing").exits(1);

    assertThat(run.err()).contains("error: " + latents + ": the runtime failed");
    assertThat(folder.resolve("out").resolve("small.png")).exists();
    assertThat(folder.resolve("out").resolve("latents.png")).doesNotExist();
  }

  @Test
  void temporaryFilesDoNotRemain() throws IOException {
    CommandRun.decode(latents, "-o", folder.resolve("out.png"));

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("latents.npy", "out.png");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--steps, 3, '1008,688,352'",
    "--schedule, '800,400,16', '800,400,16'",
  })
  void scheduleReachesTheDecoder(String option, String value, String schedule) throws IOException {
    Path out = folder.resolve("out.png");

    CommandRun.decode(latents, "-o", out, option, value).exits(0);

    assertThat(PngChunks.of(out).text()).containsEntry("schedule", schedule);
  }

  @Test
  void seedsPerImageReachTheDecoder() throws IOException {
    Path batch = TensorBytes.npy(folder.resolve("b.npy"), SampleLatents.values(48, 1), 2, 4, 2, 3);

    CommandRun.decode(batch, "-o", folder.resolve("p.png"), "--seeds", "5,-1").exits(0);

    assertThat(PngChunks.of(folder.resolve("p-0.png")).text()).containsEntry("seed", "5,-1");
  }

  @Test
  void allSettingsReachTheDecoder() {
    CommandRun run =
        CommandRun.decode(
            latents,
            "-o",
            folder.resolve("o.png"),
            "--provider",
            "cuda:1",
            "--threads",
            3,
            "--dtype",
            "float16",
            "--convolutions",
            "winograd",
            "--target",
            "here:1",
            "--cache",
            folder.resolve("cache"),
            "--json");

    JsonNode details = new JsonMapper().readTree(run.out()).get("model").get("details");
    assertThat(details.get("device").asString()).isEqualTo("cuda:1");
    assertThat(details.get("threads").asString()).isEqualTo("3");
    assertThat(details.get("dtype").asString()).isEqualTo("float16");
    assertThat(details.get("convolutions").asString()).isEqualTo("winograd");
    assertThat(details.get("target").asString()).isEqualTo("here:1");
    assertThat(details.get("cache").asString()).isEqualTo(folder.resolve("cache").toString());
    assertThat(details.has("model")).isFalse();
  }

  @Test
  void jsonIsOneDocumentWithFilesTimesAndFailures() throws IOException {
    Path bad = Files.writeString(folder.resolve("bad.npy"), "nonsense");

    CommandRun run =
        CommandRun.decode(latents, bad, "-o", folder.resolve("out"), "--json", "-m", "warning");

    JsonNode document = new JsonMapper().readTree(run.out());
    assertThat(document.get("exit_code").asInt()).isEqualTo(4);
    assertThat(document.get("model").get("digest").asString()).isEqualTo(FakeDecoder.DIGEST);
    JsonNode good = document.get("results").get(0);
    assertThat(good.get("files").get(0).asString())
        .isEqualTo(folder.resolve("out").resolve("latents.png").toString());
    assertThat(good.get("latents_shape").toString()).isEqualTo("[1,4,2,3]");
    assertThat(good.get("latents").asString()).isEqualTo("scaled");
    assertThat(good.get("latents_decision").asString()).isNotEmpty();
    assertThat(good.get("seconds").asDouble()).isEqualTo(0.002);
    assertThat(good.get("step_seconds").toString()).isEqualTo("[0.001,0.001]");
    assertThat(good.get("metadata").get("schedule").asString()).isEqualTo("1008,512");
    assertThat(good.get("warnings").get(0).asString()).isEqualTo("this looks odd");
    assertThat(document.get("results").get(1).get("error").asString()).contains("bad.npy");
  }

  @Test
  void warningsAreSaidOnce() {
    CommandRun run =
        CommandRun.decode(latents, "-o", folder.resolve("o.png"), "-m", "warning", "--quiet");

    assertThat(run.err().lines())
        .containsExactly(
            "warning: " + latents + ": this looks odd",
            "warning: " + latents + ": and was not told before");
  }

  @Test
  void quietMeansNoNotes() {
    CommandRun run = CommandRun.decode(latents, "-o", folder.resolve("o.png"), "-q");

    assertThat(run.err()).isEmpty();
  }

  @Test
  void noiseOfAFileReachesTheDecoder() throws IOException {
    float[] steps = new float[2 * 3 * 16 * 24];
    Arrays.fill(steps, steps.length / 2, steps.length, 0.5f);
    Path stacked = TensorBytes.npy(folder.resolve("noise.npy"), steps, 2, 3, 16, 24);
    Path first = TensorBytes.npy(folder.resolve("n0.npy"), new float[3 * 16 * 24], 1, 3, 16, 24);
    Path second =
        TensorBytes.npy(folder.resolve("n1.npy"), filled(0.5f, 3 * 16 * 24), 1, 3, 16, 24);
    Path named =
        TensorBytes.safetensors(
            folder.resolve("noise.safetensors"),
            "{%s,%s}"
                .formatted(
                    TensorBytes.entry("noise0", 0, 1, 3, 16, 24),
                    TensorBytes.entry("noise1", 4L * 3 * 16 * 24, 1, 3, 16, 24)),
            TensorBytes.littleEndian(steps));

    for (Object noise : List.of(stacked, first + "," + second, named)) {
      Path out = folder.resolve("o.png");
      CommandRun run = CommandRun.decode(latents, "-o", out, "--noise", noise, "--force");

      assertThat(run.code()).as(run.err()).isZero();
      assertThat(ImageIO.read(out.toFile()).getRGB(9, 9) & 0xff).isEqualTo(191);
      assertThat(PngChunks.of(out).text()).containsEntry("seed", "given");
    }
  }
}
