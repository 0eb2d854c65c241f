package io.github.consistencydecoder.cli.encode;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.TestPictures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each way to get {@code encode} wrong has its exit code, one line, and no stack trace. */
final class EncodeErrorsTest {
  @TempDir private Path folder;

  private Path picture;
  private Path out;

  @BeforeEach
  void writePicture() throws IOException {
    picture = TestPictures.png(folder.resolve("photo.png"), 24, 16, 1);
    out = folder.resolve("out.safetensors");
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
          scaled and unscaled exclude each other | PICTURE -o OUT --scaled --unscaled | 2 | mutually exclusive
          comfy latents are never scaled | PICTURE -o FOLDER/o.latent --scaled | 2 | a .latent file holds unscaled latents
          format that is not written is refused | PICTURE -o FOLDER/out.pt | 2 | .safetensors, .npy and .latent can be written, or a folder named
          model problem ends the run with its own code | --encoder=fake -m missing PICTURE -o OUT | 3 | pull it first
          """)
  void isRefused(String rule, String arguments, int code, String message) {
    assertRefused(
        CommandRun.line(
            "encode " + arguments, Map.of("PICTURE", picture, "OUT", out, "FOLDER", folder)),
        code,
        message);
  }

  @ParameterizedTest
  @CsvSource({
    "--fit, stretch, 'expected one of [CROP, PAD, REFUSE]'",
    "--size, 100, '--size: 100x100: both sides must be multiples of 8'",
    "--size, big, '--size: ''big'' is no size'",
    "--provider, tpu, 'auto, cpu, cuda or cuda:N is needed'",
    "--threads, 0, at least 1 is needed",
    "--format, png, 'expected one of [SAFETENSORS, NPY, LATENT]'",
    "--format, npy, contradict each other",
    "--encoder, none, 'no encoder is called ''none''; there are: fake, remote, taesd, vae'",
  })
  void optionThatMakesNoSenseIsAUsageError(String option, String value, String message) {
    assertRefused(CommandRun.of("encode", picture, "-o", out, option, value), 2, message);
  }

  @Test
  void oneFileForSeveralPicturesIsRefused() throws IOException {
    Path other = Files.copy(picture, folder.resolve("other.png"));

    assertRefused(
        CommandRun.of("encode", picture, other, "-o", out), 2, "is one file, there are 2 inputs");
  }

  @Test
  void folderWithoutPicturesIsAnInputError() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));

    assertRefused(
        CommandRun.of("encode", empty, "-o", out),
        4,
        empty + ": holds no file that can be an input");
  }

  @Test
  void missingPictureIsAnInputError() {
    Path none = folder.resolve("none.png");

    assertRefused(CommandRun.of("encode", none, "-o", out), 4, none + ": no such file or folder");
  }

  @Test
  void withoutAnEncoderInTheStoreTheCommandThatFetchesOneIsSaid() {
    assertRefused(CommandRun.of("encode", picture, "-o", out), 3, "no encoder is in the store");
    assertThat(CommandRun.of("encode", picture, "-o", out).err())
        .contains("./consistency-decoder models pull sd-vae-ft-mse", "--model");
  }

  @Test
  void outputThatCannotBeWrittenIsAFailure() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertRefused(
        CommandRun.of("encode", "--encoder=fake", picture, "-o", file.resolve("o.npy")),
        1,
        file.resolve("o.npy") + ": cannot be written: ");
  }
}
