package io.github.consistencydecoder.formats.checkpoint;

import static io.github.consistencydecoder.testing.SafetensorsFile.safetensors;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.archive.ArchiveFile;
import io.github.consistencydecoder.formats.archive.Pickle;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders, pairs, links and shard indexes, right ones and hostile ones. */
class CheckpointsTest {
  @TempDir Path folder;

  private Path tensor(String file, String tensor) throws IOException {
    return safetensors()
        .entry("\"__metadata__\":{\"from\":\"" + file + "\"}")
        .tensor(tensor, "F32", "[1]", 0, 4)
        .data(4)
        .writeTo(folder.resolve(file));
  }

  private Path index(String json) throws IOException {
    return Files.writeString(folder.resolve("model.safetensors.index.json"), json);
  }

  private void refusedIndex(String json, long offset, String reason) throws IOException {
    Refusals.assertRefused(index(json), Refusals::open, offset, reason);
  }

  private void assertOpens(Path path, String... tensors) throws IOException {
    try (Checkpoint c = Checkpoints.open(path)) {
      assertThat(c.path()).isEqualTo(path);
      assertThat(c.tensors().keySet()).containsExactly(tensors);
      for (TensorInfo tensor : c.tensors().values()) {
        assertThat(c.floats(tensor)).containsExactly(Float.intBitsToFloat(0x03020100));
      }
    }
  }

  @Test
  void theDiffusersFileOfAFolderComesFirst() throws IOException {
    tensor("model.safetensors", "c");
    tensor("another.safetensors", "d");
    assertOpens(folder, "c");
    tensor("diffusion_pytorch_model.fp16.safetensors", "b");
    assertOpens(folder, "b");
    tensor("diffusion_pytorch_model.safetensors", "a");
    assertOpens(folder, "a");
  }

  @Test
  void theOnlySafetensorsFileOfAFolderIsOpened() throws IOException {
    tensor("whatever.safetensors", "a");
    Files.writeString(folder.resolve("old.pt"), "not looked at");
    assertOpens(folder, "a");
  }

  @Test
  void theOnlyArchiveOfAFolderIsOpened() throws IOException {
    Files.writeString(folder.resolve("readme.txt"), "hello");
    ArchiveFile.torch(Pickle.dictOfW().tensor().op('s').end())
        .writeTo(folder.resolve("decoder.pt"));
    try (Checkpoint c = Checkpoints.open(folder)) {
      assertThat(c.format()).isEqualTo("torch");
      assertThat(c.tensors().keySet()).containsExactly("w");
    }
  }

  /** What breaks a rule, where it is told, and in which words. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a shard outside the folder is refused | {"weight_map":{"a":"../s.safetensors"}} | 19 | file '../s.safetensors'
          a shard outside the folder is refused | {"weight_map":{"a":"/etc/s.safetensors"}} | 19 | needs the plain name
          a shard outside the folder is refused | {"weight_map":{"a":"d/s.safetensors"}} | 19 | needs the plain name
          a shard outside the folder is refused | {"weight_map":{"a":"d\\\\s.safetensors"}} | 19 | needs the plain name
          a shard outside the folder is refused | {"weight_map":{"a":"C:s.safetensors"}} | 19 | needs the plain name
          a shard outside the folder is refused | {"weight_map":{"a":".."}} | 19 | needs the plain name
          a shard outside the folder is refused | {"weight_map":{"a":"s\\u0000.safetensors"}} | 19 | file 's?.safetensors'
          a shard of another format is refused | {"weight_map":{"a":"model-1.bin"}} | 19 | needs the plain name of a .safetensors
          a shard that is no name is refused | {"weight_map":{"a":[]}} | 19 | gives an array, needs a file name
          an index without a map is refused | {"metadata":{}} | 14 | no 'weight_map'
          an empty map is refused | {"weight_map":{}} | 16 | 'weight_map' names no tensor
          a map that is no object is refused | {"weight_map":7} | 14 | 'weight_map' is 7, needs an object
          a duplicate tensor in an index is refused | {"weight_map":{"a":"s.safetensors","a":"s.safetensors"}} | 38 | duplicate key "a"
          a map that is given twice is refused | {"weight_map":{},"weight_map":{}} | 29 | duplicate key "weight_map"
          """)
  void oneRuleEach(String rule, String json, long offset, String reason) throws IOException {
    refusedIndex(json, offset, reason);
  }

  @Test
  void aFolderWithoutACheckpointIsRefusedWithWhatItHolds() throws IOException {
    Files.writeString(folder.resolve("b.txt"), "");
    Files.writeString(folder.resolve("a.txt"), "");
    assertThatThrownBy(() -> Checkpoints.open(folder))
        .isInstanceOf(IOException.class)
        .hasMessage(folder + ": no checkpoint in this folder, which holds a.txt, b.txt");
  }

  @Test
  void anEmptyFolderIsRefused() {
    assertThatThrownBy(() -> Checkpoints.open(folder))
        .hasMessage(folder + ": no checkpoint in this folder, which holds no files");
  }

  @Test
  void aFolderOfSeveralCheckpointsIsRefusedWithTheirNames() throws IOException {
    for (int i = 0; i < 14; i++) {
      tensor("m%02d.safetensors".formatted(i), "a");
    }
    assertThatThrownBy(() -> Checkpoints.open(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("several checkpoints, name one of m00.safetensors, m01.safetensors")
        .hasMessageEndingWith("m11.safetensors and 2 more");
  }

  @Test
  void thePairIsOneCheckpointByFolderAndByFile() throws IOException {
    Path decoder = tensor("consistency_decoder.safetensors", "blocks.mid_0.f_1.w");
    assertOpens(decoder, "blocks.mid_0.f_1.w");
    tensor("embedding.safetensors", "weight");
    assertOpens(folder, "blocks.mid_0.f_1.w", "embed_time.weight");
    assertOpens(decoder, "blocks.mid_0.f_1.w", "embed_time.weight");
    try (Checkpoint c = Checkpoints.open(folder)) {
      assertThat(c.files()).hasSize(2);
      assertThat(c.metadata()).containsEntry("from", "consistency_decoder.safetensors");
      assertThat(c.tensor("embed_time.weight").file().getFileName())
          .hasToString("embedding.safetensors");
    }
  }

  @Test
  void anEmbeddingOfAnotherNameIsRefused() throws IOException {
    Path decoder = tensor("consistency_decoder.safetensors", "a");
    tensor("embedding.safetensors", "table");
    assertThatThrownBy(() -> Checkpoints.open(decoder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("embedding.safetensors: holds 1 tensors")
        .hasMessageContaining("needs exactly one named 'weight'");
  }

  @Test
  void anEmbeddingThatIsThereTwiceIsRefused() throws IOException {
    Path decoder = tensor("consistency_decoder.safetensors", "embed_time.weight");
    tensor("embedding.safetensors", "weight");
    assertThatThrownBy(() -> Checkpoints.open(decoder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tensor 'embed_time.weight': it is also in embedding.safetensors");
  }

  @Test
  void aLinkIsResolvedAndItsNeighboursFound() throws IOException {
    // As the model hub's cache keeps files: named links to blobs elsewhere.
    Path blobs = Files.createDirectory(folder.resolve("blobs"));
    Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
    Path a = tensor("blobs/0a", "x");
    Path b = tensor("blobs/0b", "weight");
    Files.createSymbolicLink(
        snapshot.resolve("consistency_decoder.safetensors"), Path.of("../blobs/0a"));
    Files.createSymbolicLink(snapshot.resolve("embedding.safetensors"), Path.of("../blobs/0b"));
    try (Checkpoint c = Checkpoints.open(snapshot)) {
      assertThat(c.tensors().keySet()).containsExactly("x", "embed_time.weight");
      assertThat(c.files()).containsExactly(a.toRealPath(), b.toRealPath());
    }
    assertThat(blobs).isDirectory();
  }

  @Test
  void messagesNameALinkAndNotItsTarget() throws IOException {
    Path blob = Files.writeString(folder.resolve("0a"), "rubbish and more rubbish");
    Path link = Files.createSymbolicLink(folder.resolve("m.safetensors"), blob);
    assertThatThrownBy(() -> Checkpoints.open(link))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("m.safetensors: at byte 0:");
  }

  @Test
  void aLinkThatLeadsNowhereIsNotOpened() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("m.safetensors"), Path.of("nowhere"));
    assertThatThrownBy(() -> Checkpoints.open(link)).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aDeviceIsNotOpened() {
    Path device = Path.of("/dev/zero");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(device), "no /dev/zero here");
    assertThatThrownBy(() -> Checkpoints.open(device))
        .isInstanceOf(IOException.class)
        .hasMessage("/dev/zero is not a regular file");
  }

  @Test
  void shardsAreOneCheckpointInTheIndexsOrder() throws IOException {
    tensor("s1.safetensors", "a");
    tensor("s2.safetensors", "b");
    Path index =
        index(
            "{\"metadata\":{\"total_size\":8},\"weight_map\":"
                + "{\"b\":\"s2.safetensors\",\"a\":\"s1.safetensors\"}}");
    assertOpens(index, "b", "a");
    assertOpens(
        Files.move(index, folder.resolve("diffusion_pytorch_model.safetensors.index.json"))
            .getParent(),
        "b",
        "a");
  }

  @Test
  void anIndexNestedDeeplyIsRefused() throws IOException {
    refusedIndex("{\"metadata\":" + "{\"a\":".repeat(100_000) + "}", 168, "nested deeper than 32");
  }

  @Test
  void anIndexOfTooManyFilesIsRefused() throws IOException {
    StringBuilder map = new StringBuilder("{\"weight_map\":{\"x\":\"x.safetensors\"");
    for (int i = 0; i < 1000; i++) {
      map.append(
          ",\"a tensor of a name that pays for its entry %1$05d\":\"s%1$05d.safetensors\""
              .formatted(i));
    }
    Path file = index(map + "}}");
    assertThatThrownBy(() -> Checkpoints.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("more than 1000 files");
  }

  @Test
  void aShardThatIsNotThereIsAMissingFile() throws IOException {
    Path file = index("{\"weight_map\":{\"a\":\"s.safetensors\"}}");
    assertThatThrownBy(() -> Checkpoints.open(file))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(FormatException.class)
        .hasMessage(file + ": names 's.safetensors', which is not in its folder");
  }

  @Test
  void aTensorThatIsNotInItsShardIsRefused() throws IOException {
    tensor("s.safetensors", "a");
    refusedIndex(
        "{\"weight_map\":{\"a\":\"s.safetensors\",\"b\":\"s.safetensors\"}}",
        -1,
        "tensor 'b': not in 's.safetensors', where the index places it");
  }

  @Test
  void aTensorInTwoShardsIsRefused() throws IOException {
    tensor("s1.safetensors", "a");
    tensor("s2.safetensors", "a");
    Path file = index("{\"weight_map\":{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}}");
    assertThatThrownBy(() -> Checkpoints.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "s2.safetensors: tensor 'a': the index model.safetensors.index.json does not place it"
                + " in this file");
  }

  @Test
  void aShardThatIsNoSafetensorsFileIsRefused() throws IOException {
    Files.writeString(folder.resolve("s.safetensors"), "PK\3\4 and so on, not a shard");
    Path file = index("{\"weight_map\":{\"a\":\"s.safetensors\"}}");
    assertThatThrownBy(() -> Checkpoints.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("s.safetensors: at byte 0: a header of");
  }
}
