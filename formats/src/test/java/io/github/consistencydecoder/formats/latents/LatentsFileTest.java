package io.github.consistencydecoder.formats.latents;

import static io.github.consistencydecoder.testing.SafetensorsFile.safetensors;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Latents of every kind through the one reader, as a user of the library calls it. */
class LatentsFileTest {
  private static final Path LATENTS = Path.of("src/test/resources/latents");

  @TempDir Path folder;

  private static Latents latents(LatentScale scale) {
    float[] values = new float[2 * 4 * 2 * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i % 7 - 3) * (scale == LatentScale.SCALED ? 0.5f : 3f);
    }
    return Latents.of(scale, values, 2, 4, 2, 3);
  }

  @ParameterizedTest
  @EnumSource(LatentsFormat.class)
  void whatIsWrittenIsReadBackWithOneCall(LatentsFormat format) throws IOException {
    Latents written = latents(LatentScale.UNSCALED);
    Path file = folder.resolve("new").resolve("a" + format.ending());
    LatentsWriter.write(format, file, written, Map.of("seed", "1"));

    LoadedLatents read = LatentsFile.read(file);

    assertThat(read.latents().scale()).isEqualTo(LatentScale.UNSCALED);
    assertThat(read.latents().values()).isEqualTo(written.values());
    assertThat(read.decision()).isNotEmpty();
    assertThat(LatentsFile.batch(file, null)).isEqualTo(2);
  }

  @Test
  void keysOfAnNpyHeaderMayComeInAnyOrder() throws IOException {
    String header = "{'fortran_order': False, 'shape': (1, 4, 1, 1), 'descr': '<f4'}\n";
    String start = "\u0093NUMPY\1\0" + (char) header.length() + "\0" + header;
    Path file = folder.resolve("a.npy");
    Files.write(file, (start + "\0".repeat(16)).getBytes(StandardCharsets.ISO_8859_1));

    assertThat(LatentsFile.read(file).latents().size()).isEqualTo(4);
  }

  @Test
  void tensorsOfAnyPublishedTypeMayStandBeside() throws IOException {
    Path file = folder.resolve("a.safetensors");
    safetensors()
        .tensor("latents", "F32", "[1,4,1,1]", 0, 16)
        .tensor("other", "F8_E4M3", "[4]", 16, 20)
        .data(20)
        .writeTo(file);

    assertThat(LatentsFile.read(file).latents().size()).isEqualTo(4);
  }

  @Test
  void whatIsNoFileOfLatentsIsRefusedInOneSentence() throws IOException {
    Path bare = Files.write(folder.resolve("a.bin"), new byte[64]);
    Path whole = folder.resolve("b.safetensors");
    safetensors().tensor("latents", "I32", "[1,4,1,1]", 0, 16).data(16).writeTo(whole);

    assertThatThrownBy(() -> LatentsFile.read(bare))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(bare + ": is none of .safetensors, .latent, .npy, .npz and .pt");
    assertThatThrownBy(() -> LatentsFile.read(whole))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "b.safetensors: tensor 'latents': elements of I32 found, floating-point ones are"
                + " needed");
  }

  /** Written by torch, numpy and safetensors; src/test/python/make_latents.py made them. */
  @ParameterizedTest
  @MethodSource("files")
  void everyFileIsReadAsItsLibraryWroteIt(String name, String expected) throws IOException {
    Path file = LATENTS.resolve(name);
    String[] words = expected.split(" ", -1);
    if (!expected.matches("[123] (guess|scaled|unscaled).*")) {
      assertThatThrownBy(() -> LatentsFile.read(file))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining(expected);
      return;
    }
    int batch = Integer.parseInt(words[0]);
    float factor = words.length > 2 ? 0.25f : 1;
    LoadedLatents fromStream;
    try (InputStream in = Files.newInputStream(file)) {
      fromStream = LatentsFile.read(file.getFileName(), in, ScaleChoice.AUTO, null, null);
    }

    LoadedLatents read = LatentsFile.read(file);

    assertThat(read.latents().values()).isEqualTo(numbers(batch, factor));
    assertThat(read.decision())
        .startsWith(words[1].equals("guess") ? "took" : "taken as " + words[1]);
    assertThat(LatentsFile.batch(file, null)).isEqualTo(batch);
    assertThat(fromStream.latents().values()).isEqualTo(read.latents().values());
    assertThat(fromStream.text()).isEqualTo(read.text());
    assertThat(read.text().keySet())
        .isEqualTo(name.equals("workflow.latent") ? Set.of("prompt", "workflow") : Set.of());
  }

  static Stream<Arguments> files() throws IOException {
    return Files.readAllLines(LATENTS.resolve("expected.txt")).stream()
        .map(line -> line.split(" \\| ", 2))
        .map(parts -> Arguments.of(parts[0], parts[1]));
  }

  private static FloatBuffer numbers(int batch, float factor) {
    FloatBuffer values = FloatBuffer.allocate(24 * batch);
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, (i % 24 * 7 % 24 - 11.5f) * 0.75f * factor);
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root_tensor.pt",
        "root_parameter.pt",
        "root_3d.pt",
        "root_tuple.pt",
        "root_list_of_two.pt",
        "dict_with_scalars.pt",
        "cache_old.npz",
        "cache_new.npz",
        "frames_5d.npy",
        "one_frame_5d.latent",
        "mean_std.npy",
        "header_other_order.npy",
        "beside_f8.safetensors",
        "workflow.latent"
      })
  void casesOfOthersAreTheLatentsBesideThem(String name) throws IOException {
    Path cases = SharedData.beside("cases");
    assumeTrue(Files.exists(cases.resolve(name)), "skipped: no " + name + " beside the project");
    FloatBuffer wanted = LatentsFile.read(cases.resolve("latent.npy")).latents().values();

    Latents read = LatentsFile.read(cases.resolve(name)).latents();

    assertThat(read.scale()).isEqualTo(LatentScale.UNSCALED);
    assertThat(read.batch()).isEqualTo(name.matches("frames.*|.*_of_two.*") ? 2 : 1);
    for (int i = 0; i < read.batch(); i++) {
      assertThat(read.values().slice(i * wanted.remaining(), wanted.remaining())).isEqualTo(wanted);
    }
  }
}
