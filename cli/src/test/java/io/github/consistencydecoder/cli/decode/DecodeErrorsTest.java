package io.github.consistencydecoder.cli.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Each way to get it wrong has its exit code, one line, and no stack trace. */
final class DecodeErrorsTest {
  @TempDir private Path folder;

  private Path latents;
  private Path out;

  @BeforeEach
  void writeLatents() throws IOException {
    latents =
        TensorBytes.npy(folder.resolve("latents.npy"), SampleLatents.values(24, 1), 1, 4, 2, 3);
    out = folder.resolve("out.png");
  }

  private void assertRefused(CommandRun run, int code, String message) {
    run.assertRefused(code, message);
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          raw dtype is checked with the shape | LATENTS -o OUT --shape 1,4,2,3 --raw-dtype int8 | 2 | --raw-dtype int8: float32 or float16 is needed
          output is required | LATENTS | 2 | missing required option: '--output=OUT'
          input is required | -o OUT | 2 | missing required parameter: 'LATENTS'
          steps and schedule exclude each other | LATENTS -o OUT --steps 1 --schedule 1008 | 2 | --schedule and --steps exclude each other
          seed and noise exclude each other | LATENTS -o OUT --seed 1 --noise LATENTS | 2 | --seed and --noise exclude each other
          format that is not written is refused | LATENTS -o FOLDER/out.jpg | 2 | .png, .npy and .safetensors can be written
          format must not contradict the name | LATENTS -o OUT --format npy | 2 | contradict
          seeds must be as many as images | LATENTS -o OUT --seeds 1,2 | 2 | --seeds: 2 given, the batch has 1 latents
          model problem ends the run with its own code | LATENTS -o OUT -m missing | 3 | pull it first
          missing device is a failure | LATENTS -o OUT -m nodevice | 1 | no such device here
          """)
  void isRefused(String rule, String arguments, int code, String message) {
    assertRefused(
        CommandRun.line(
            "decode --decoder=fake " + arguments,
            Map.of("LATENTS", latents, "OUT", out, "FOLDER", folder)),
        code,
        message);
  }

  @ParameterizedTest
  @CsvSource({
    "--steps, 0, a whole number of 1 to 64 is needed",
    "--steps, two, '--steps: ''two'' is no number of steps'",
    "--schedule, '1008,,512', is no schedule",
    "--schedule, 1024, 1 to 64 timesteps of 1 to 1023 are needed",
    "--clamp, sometimes, original and diffusers exist",
    "--rounding, up, 'expected one of [NEAREST, TRUNCATE]'",
    "--latents, big, 'expected one of [SCALED, UNSCALED, AUTO]'",
    "--provider, tpu, 'auto, cpu, cuda or cuda:N is needed'",
    "--threads, 0, at least 1 is needed",
    "--dtype, int8, 'auto, float32 or float16 is needed'",
    "--convolutions, fast, 'auto, direct or winograd is needed'",
    "--layout, last, 'auto, nchw or nhwc is needed'",
    "--seed, 1.5, is neither a 64-bit whole number",
    "--shape, '1,4', '4 dimensions N,4,h,w are needed'",
    "--shape, '1,4,a,2', '''a'' is not a number'",
    "--shape, '1,4,0,2', 1 to 268435456 values are needed",
    "--shape, '1,4,99999,99999', 1 to 268435456 values are needed",
  })
  void optionThatMakesNoSenseIsAUsageError(String option, String value, String message) {
    assertRefused(
        CommandRun.of("decode", latents, "-o", out, "--decoder=fake", option, value), 2, message);
  }

  @Test
  void unknownDecoderIsAnsweredWithThoseThereAre() {
    CommandRun run = CommandRun.of("decode", latents, "-o", out, "--decoder", "none");

    assertRefused(run, 2, "no decoder is called 'none'; there are: consistency, fake");
  }

  @Test
  void unknownOptionIsAnsweredWithALikelyOne() {
    CommandRun run = CommandRun.decode(latents, "-o", out, "--sede", 1);

    assertRefused(run, 2, "unknown option: '--sede'");
    assertThat(run.err()).contains("did you mean").contains("--seed").contains("decode --help");
  }

  @Test
  void oneFileForSeveralInputsIsRefused() throws IOException {
    Path other = Files.copy(latents, folder.resolve("other.npy"));

    assertRefused(CommandRun.decode(latents, other, "-o", out), 2, "is one file, there are 2");
  }

  @Test
  void noiseOfAnotherShapeIsRefused() throws IOException {
    Path noise = TensorBytes.npy(folder.resolve("noise.npy"), new float[3 * 16 * 16], 1, 3, 16, 16);

    assertRefused(
        CommandRun.decode(latents, "-o", out, "--noise", noise),
        4,
        "noise of shape [1, 3, 16, 16] found, these latents and steps need [2, 3, 16, 24]");
  }

  @Test
  void noiseForOtherStepsIsRefused() throws IOException {
    Path noise = TensorBytes.npy(folder.resolve("noise.npy"), new float[3 * 16 * 24], 1, 3, 16, 24);
    Path more = Files.copy(noise, folder.resolve("more.npy"));

    assertRefused(
        CommandRun.decode(latents, "-o", out, "--noise", noise + "," + more + "," + noise),
        2,
        "--noise: 3 files given, the schedule has 2 steps");
  }

  @Test
  void missingFileIsAnInputError() {
    Path missing = folder.resolve("nowhere.npy");

    assertRefused(CommandRun.decode(missing, "-o", out), 4, missing + ": no such file or folder");
  }

  @Test
  void damagedFileIsAnInputError() throws IOException {
    byte[] bytes = Files.readAllBytes(latents);
    Files.write(latents, java.util.Arrays.copyOf(bytes, bytes.length - 1));

    assertRefused(CommandRun.decode(latents, "-o", out), 4, "error: " + latents + ":");
  }

  @Test
  void shapesThatAreNotLatentsGetTheirOwnAnswer() throws IOException {
    Path last = TensorBytes.npy(folder.resolve("a.npy"), new float[24], 1, 2, 3, 4);
    Path flux = TensorBytes.npy(folder.resolve("b.npy"), new float[96], 1, 16, 2, 3);
    Path image = TensorBytes.npy(folder.resolve("c.npy"), new float[18], 1, 3, 2, 3);
    Path flat = TensorBytes.npy(folder.resolve("d.npy"), new float[24], 24);

    assertRefused(CommandRun.decode(last, "-o", out), 4, "transpose [N, h, w, 4]");
    assertRefused(CommandRun.decode(flux, "-o", out), 4, "Stable Diffusion 3 or Flux");
    assertRefused(CommandRun.decode(image, "-o", out), 4, "look like an image");
    assertRefused(CommandRun.decode(flat, "-o", out), 4, "4 dimensions");
  }

  @Test
  void bareNumbersNeedAShape() throws IOException {
    Path raw = Files.write(folder.resolve("in.bin"), new byte[96]);

    assertRefused(CommandRun.decode(raw, "-o", out), 4, "need --shape");
    assertRefused(
        CommandRun.decode(raw, "-o", out, "--shape", "1,4,2,2"),
        4,
        "96 bytes found, shape [1, 4, 2, 2] of float32 needs 64");
  }

  @Test
  void integersAreRefused() throws IOException {
    Path file =
        TensorBytes.safetensors(
            folder.resolve("in.safetensors"),
            "{\"latents\":{\"dtype\":\"I32\",\"shape\":[1,4,1,1],\"data_offsets\":[0,16]}}",
            new byte[16]);

    assertRefused(
        CommandRun.decode(file, "-o", out),
        4,
        "elements of I32 found, floating-point ones are needed");
  }

  @Test
  void fileWithoutLatentsIsRefused() throws IOException {
    Path file =
        TensorBytes.safetensors(
            folder.resolve("model.safetensors"),
            "{" + TensorBytes.entry("w", 0, 2) + "," + TensorBytes.entry("b", 8, 2) + "}",
            new byte[16]);

    assertRefused(
        CommandRun.decode(file, "-o", out), 4, "none of shape [N, 4, h, w] (w [2], b [2])");
  }

  @Test
  void latentsOfSdxlAreRefusedWhereTheFileSaysSo() throws IOException {
    Path file =
        TensorBytes.safetensors(
            folder.resolve("in.safetensors"),
            "{\"__metadata__\":{\"scaling_factor\":\"0.13025\"},"
                + TensorBytes.entry("latents", 0, 1, 4, 1, 1)
                + "}",
            new byte[16]);

    assertRefused(CommandRun.decode(file, "-o", out), 4, "scaling_factor 0.13025, that of SDXL");
  }

  @Test
  void archiveOfAnEmptyArrayIsRefused() throws IOException {
    Path file = folder.resolve("in.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      ZipEntry empty = new ZipEntry("arr_0.npy");
      empty.setMethod(ZipEntry.STORED);
      empty.setSize(0);
      empty.setCrc(0);
      zip.putNextEntry(empty);
      zip.closeEntry();
    }

    assertRefused(CommandRun.decode(file, "-o", out), 4, "tensor 'arr_0': not an .npy file");
  }

  @Test
  void modelProblemIsAJsonDocumentToo() {
    CommandRun run = CommandRun.decode(latents, "-o", out, "-m", "missing", "--json");

    assertThat(new JsonMapper().readTree(run.out()).get("exit_code").asInt()).isEqualTo(3);
  }

  @Test
  void bugIsOneLineUnlessDebugged() {
    CommandRun run = CommandRun.decode(latents, "-o", out, "-m", "crash");

    assertRefused(run, 1, "this is a bug: java.lang.IllegalStateException: the fake crashed");
    assertThat(CommandRun.decode(latents, "-o", out, "-m", "crash", "--debug").err())
        .contains("\tat ");
  }

  @Test
  void outputThatCannotBeWrittenIsAFailure() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    CommandRun run = CommandRun.decode(latents, "-o", file.resolve("o.png")).exits(1);

    assertThat(run.err())
        .contains("error: " + file.resolve("o.png") + ": cannot be written: ")
        .doesNotContain("\tat ");
  }
}
