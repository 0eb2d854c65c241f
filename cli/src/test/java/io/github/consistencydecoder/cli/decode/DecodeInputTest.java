package io.github.consistencydecoder.cli.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What counts as latents, and how their scale is found out. */
final class DecodeInputTest {
  private static final String VERSION_MARK =
      "\"latent_format_version_0\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[%d,%d]}";

  @TempDir private Path folder;

  private float[] scaled;
  private Path reference;

  @BeforeEach
  void decodeTheReference() throws IOException {
    scaled = SampleLatents.values(4 * 8 * 8, 1);
    Path npy = TensorBytes.npy(folder.resolve("reference.npy"), scaled, 1, 4, 8, 8);
    reference = folder.resolve("reference.npy.out.npy");
    CommandRun.decode(npy, "-o", reference, "--latents", "scaled").exits(0);
  }

  private JsonNode assertSamePicture(Path input, Object... options) {
    Path out = folder.resolve("out.npy");
    Object[] all = new Object[options.length + 5];
    System.arraycopy(new Object[] {input, "-o", out, "--force", "--json"}, 0, all, 0, 5);
    System.arraycopy(options, 0, all, 5, options.length);
    CommandRun run = CommandRun.decode(all).exits(0);
    try {
      assertThat(floats(out))
          .usingComparatorWithPrecision(1e-6f)
          .containsExactly(floats(reference));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return new JsonMapper().readTree(run.out()).get("results").get(0);
  }

  private static float[] floats(Path npy) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(npy)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(10 + bytes.getShort(8));
    float[] values = new float[bytes.remaining() / 4];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  /** A safetensors file with one tensor. */
  private Path one(String file, String tensor, float[] values) throws IOException {
    return TensorBytes.safetensors(
        folder.resolve(file),
        "{" + TensorBytes.entry(tensor, 0, 1, 4, 8, 8) + "}",
        TensorBytes.littleEndian(values));
  }

  @ParameterizedTest
  @ValueSource(strings = {"latents", "latent", "samples", "z", "anything"})
  void tensorOfASafetensorsFileIsFound(String name) throws IOException {
    Path file = one("in.safetensors", name, scaled);

    assertSamePicture(file, "--latents", "scaled");
  }

  @Test
  void onlyTensorThatCanBeLatentsIsTaken() throws IOException {
    Path file =
        TensorBytes.safetensors(
            folder.resolve("in.safetensors"),
            "{%s,%s}"
                .formatted(
                    TensorBytes.entry("sigmas", 0, 2), TensorBytes.entry("result", 8, 4, 8, 8)),
            TensorBytes.littleEndian(concat(new float[2], scaled)));

    assertSamePicture(file, "--latents", "scaled");
  }

  private static float[] concat(float[] a, float[] b) {
    float[] all = new float[a.length + b.length];
    System.arraycopy(a, 0, all, 0, a.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  @Test
  void oneOfSeveralTensorsMustBeNamed() throws IOException {
    Path file =
        TensorBytes.safetensors(
            folder.resolve("in.safetensors"),
            "{%s,%s}"
                .formatted(
                    TensorBytes.entry("b", 0, 1, 4, 8, 8),
                    TensorBytes.entry("a", 1024, 1, 4, 8, 8)),
            TensorBytes.littleEndian(concat(new float[256], scaled)));

    CommandRun run = CommandRun.decode(file, "-o", folder.resolve("x.png")).exits(4);

    assertThat(run.err())
        .contains(
            "holds 2 tensors, 2 of which can be latents (b [1, 4, 8, 8], a [1, 4, 8, 8]); call one"
                + " 'latents', or name it (--tensor)");
    assertSamePicture(file, "--latents", "scaled", "--tensor", "a");
  }

  @Test
  void missingTensorIsAnswered() throws IOException {
    Path file = one("in.safetensors", "latents", scaled);

    CommandRun run =
        CommandRun.decode(file, "-o", folder.resolve("x.png"), "--tensor", "latent").exits(4);

    assertThat(run.err()).startsWith("error: " + file + ": ").contains("latents");
  }

  @Test
  void comfyLatentWithTheVersionMarkIsUnscaled() throws IOException {
    Path file =
        TensorBytes.safetensors(
            folder.resolve("ComfyUI_00001_.latent"),
            "{%s,%s}"
                .formatted(
                    TensorBytes.entry("latent_tensor", 0, 1, 4, 8, 8),
                    VERSION_MARK.formatted(1024, 1024)),
            TensorBytes.littleEndian(SampleLatents.unscaled(scaled)));

    JsonNode result = assertSamePicture(file);

    assertThat(result.get("latents").asString()).isEqualTo("unscaled");
    assertThat(result.get("latents_decision").asString())
        .isEqualTo("taken as unscaled latents: a ComfyUI latent");
  }

  @Test
  void comfyLatentWithoutTheVersionMarkIsScaled() throws IOException {
    Path file = one("old.latent", "latent_tensor", scaled);

    JsonNode result = assertSamePicture(file);

    assertThat(result.get("latents").asString()).isEqualTo("scaled");
    assertThat(result.get("latents_decision").asString())
        .contains("before latent_format_version_0");
  }

  @Test
  void scaleInTheMetadataIsBelieved() throws IOException {
    Path file =
        TensorBytes.safetensors(
            folder.resolve("in.safetensors"),
            "{\"__metadata__\":{\"scale\":\"unscaled\"},"
                + TensorBytes.entry("latents", 0, 1, 4, 8, 8)
                + "}",
            TensorBytes.littleEndian(SampleLatents.unscaled(scaled)));

    assertThat(assertSamePicture(file).get("latents_decision").asString())
        .isEqualTo("taken as unscaled latents: its metadata says so");
  }

  @Test
  void whatThePersonSaysGoesBeforeWhatTheFileSays() throws IOException {
    Path file = one("old.latent", "latent_tensor", SampleLatents.unscaled(scaled));

    assertThat(assertSamePicture(file, "--latents", "unscaled").has("latents_decision")).isFalse();
  }

  @Test
  void scaleIsGuessedFromTheNumbers() throws IOException {
    Path asScaled = TensorBytes.npy(folder.resolve("s.npy"), scaled, 1, 4, 8, 8);
    Path asUnscaled =
        TensorBytes.npy(folder.resolve("u.npy"), SampleLatents.unscaled(scaled), 1, 4, 8, 8);

    assertThat(assertSamePicture(asScaled).get("latents").asString()).isEqualTo("scaled");
    assertThat(assertSamePicture(asUnscaled).get("latents").asString()).isEqualTo("unscaled");
  }

  @Test
  void guessIsToldToThePerson() throws IOException {
    Path file = TensorBytes.npy(folder.resolve("s.npy"), scaled, 1, 4, 8, 8);

    CommandRun run = CommandRun.decode(file, "-o", folder.resolve("o.png"));

    assertThat(run.err()).startsWith("note: " + file + ": ").contains("scaled");
  }

  @Test
  void threeDimensionsAreABatchOfOne() throws IOException {
    Path file = TensorBytes.npy(folder.resolve("in.npy"), scaled, 4, 8, 8);

    assertSamePicture(file, "--latents", "scaled");
  }

  @Test
  void bareNumbersAreReadWithAShape() throws IOException {
    Path file = Files.write(folder.resolve("in.bin"), TensorBytes.littleEndian(scaled));

    assertSamePicture(file, "--latents", "scaled", "--shape", "1,4,8,8");
    assertSamePicture(file, "--latents", "scaled", "--shape", "4x8x8");
  }

  @Test
  void bareHalfPrecisionNumbersAreReadWithAShape() throws IOException {
    // 0x3800 is 0.5, 0xb800 is -0.5
    byte[] half = new byte[2 * 256];
    float[] same = new float[256];
    for (int i = 0; i < 256; i++) {
      half[2 * i + 1] = (byte) (i % 2 == 0 ? 0x38 : 0xb8);
      same[i] = i % 2 == 0 ? 0.5f : -0.5f;
    }
    Path file = Files.write(folder.resolve("in.f16"), half);
    Path npy = TensorBytes.npy(folder.resolve("same.npy"), same, 1, 4, 8, 8);
    CommandRun.decode(npy, "-o", reference, "--latents", "scaled", "--force");

    assertSamePicture(file, "--latents", "scaled", "--shape", "1,4,8,8", "--raw-dtype", "float16");
  }

  @Test
  void contentsGoBeforeTheName() throws IOException {
    Path file = TensorBytes.npy(folder.resolve("in.dat"), scaled, 1, 4, 8, 8);

    assertSamePicture(file, "--latents", "scaled");
  }
}
