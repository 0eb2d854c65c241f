package io.github.consistencydecoder.formats.latents;

import static io.github.consistencydecoder.testing.SafetensorsFile.safetensors;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Latents of every kind through the one reader, as a user of the library calls it. */
class LatentsFileTest {
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
        .hasMessageStartingWith(bare + ": is none of .safetensors, .latent, .npy and .pt");
    assertThatThrownBy(() -> LatentsFile.read(whole))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "b.safetensors: tensor 'latents': elements of I32 found, floating-point ones are"
                + " needed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"header_other_order.npy", "beside_f8.safetensors"})
  void casesOfOthersAreTheLatentsBesideThem(String name) throws IOException {
    Path cases = Path.of(System.getProperty("project.root", "."), "..", "shared", "cases");
    assumeTrue(Files.exists(cases.resolve(name)), "skipped: no " + name + " beside the project");

    assertThat(LatentsFile.read(cases.resolve(name)).latents().values())
        .isEqualTo(LatentsFile.read(cases.resolve("latent.npy")).latents().values());
  }
}
