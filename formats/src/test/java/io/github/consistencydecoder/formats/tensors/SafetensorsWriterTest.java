package io.github.consistencydecoder.formats.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir Path folder;

  private static SafetensorsWriter.Entry raw(String name, long bytes, int given) {
    return new SafetensorsWriter.Entry(
        name, DType.U8, List.of(bytes), channel -> channel.write(ByteBuffer.allocate(given)));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void theBytesAreThoseOfTheFormat() throws IOException {
    Path file = folder.resolve("w.safetensors");
    SafetensorsWriter.write(
        file,
        Map.of("format", "pt"),
        List.of(
            SafetensorsWriter.floats("b", DType.F32, List.of(1L), new float[] {1}),
            SafetensorsWriter.floats("a", DType.F16, List.of(), new float[] {-2})));
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"a\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[4,6]}}";
    byte[] bytes = Files.readAllBytes(file);
    int padded = (header.length() + 7) / 8 * 8;
    assertThat(bytes).hasSize(8 + padded + 6).startsWith(padded, 0, 0, 0, 0, 0, 0, 0);
    assertThat(new String(bytes, 8, padded, StandardCharsets.UTF_8).stripTrailing())
        .isEqualTo(header);
    assertThat(java.util.Arrays.copyOfRange(bytes, 8 + padded, bytes.length))
        .containsExactly(0, 0, 0x80, 0x3f, 0, 0xc0);
    assertThat(names()).containsExactly("w.safetensors");
  }

  @Test
  void anExistingFileIsReplaced() throws IOException {
    Path file = Files.writeString(folder.resolve("w.safetensors"), "old");
    SafetensorsWriter.write(file, Map.of(), List.of(raw("a", 3, 3)));
    try (Checkpoint c = Checkpoints.open(file)) {
      assertThat(c.tensor("a").byteLength()).isEqualTo(3);
    }
  }

  @Test
  void aLinkIsReplacedAndNotWrittenThrough() throws IOException {
    Path elsewhere = Files.writeString(folder.resolve("precious"), "keep");
    Path link = Files.createSymbolicLink(folder.resolve("w.safetensors"), elsewhere);
    SafetensorsWriter.write(link, Map.of(), List.of(raw("a", 3, 3)));
    assertThat(elsewhere).hasContent("keep");
    assertThat(Files.isSymbolicLink(link)).isFalse();
  }

  @Test
  void aSourceThatGivesTooManyBytesLeavesNothing() throws IOException {
    Path file = folder.resolve("w.safetensors");
    assertThatThrownBy(() -> SafetensorsWriter.write(file, Map.of(), List.of(raw("a", 3, 4))))
        .isInstanceOf(IOException.class)
        .hasMessage("tensor 'a': its source gives more than 3 bytes");
    assertThat(names()).isEmpty();
  }

  @Test
  void aSourceThatGivesTooFewBytesLeavesTheOldFile() throws IOException {
    Path file = Files.writeString(folder.resolve("w.safetensors"), "old");
    assertThatThrownBy(() -> SafetensorsWriter.write(file, Map.of(), List.of(raw("a", 3, 2))))
        .isInstanceOf(IOException.class)
        .hasMessage("tensor 'a': its source gives 2 bytes, needs 3");
    assertThat(names()).containsExactly("w.safetensors");
    assertThat(file).hasContent("old");
  }

  @Test
  void aNameGivenTwiceIsRefused() {
    Path file = folder.resolve("w.safetensors");
    assertThatThrownBy(
            () -> SafetensorsWriter.write(file, Map.of(), List.of(raw("a", 1, 1), raw("a", 1, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tensor 'a' is given twice");
  }

  @Test
  void valuesThatDoNotFitTheShapeAreRefused() {
    assertThatThrownBy(
            () -> SafetensorsWriter.floats("a", DType.F32, List.of(2L, 2L), new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tensor 'a': shape [2, 2] does not hold 3 values");
  }

  @Test
  void theMetadataIsNoTensor() {
    assertThatThrownBy(() -> raw("__metadata__", 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'__metadata__' is no name for a tensor");
  }
}
