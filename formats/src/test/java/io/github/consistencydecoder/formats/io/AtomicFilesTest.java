package io.github.consistencydecoder.formats.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir Path folder;

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void contentGoesIntoATemporaryFileThatIsKnownAsOne() throws IOException {
    Path target = Files.writeString(folder.resolve("a.txt"), "before");
    List<Path> seen = new ArrayList<>();

    AtomicFiles.write(
        target,
        out -> {
          files().stream().filter(AtomicFiles::isTemporary).forEach(seen::add);
          assertThat(target).hasContent("before");
        });

    assertThat(seen).hasSize(1);
    assertThat(seen.get(0).getFileName().toString()).startsWith(".a.txt.").endsWith(".part");
    assertThat(files()).containsExactly(target);
    assertThat(target).isEmptyFile();
  }

  @Test
  void failureLeavesWhatWasThereAndNothingElse() throws IOException {
    Path target = Files.writeString(folder.resolve("a.txt"), "before");

    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    target,
                    out -> {
                      throw new IOException("no more");
                    }))
        .hasMessage("no more");

    assertThat(files()).containsExactly(target);
    assertThat(target).hasContent("before");
  }

  @Test
  void theLongestNamesHaveRoom() throws IOException {
    Path target = folder.resolve("x".repeat(250) + ".json");

    AtomicFiles.write(target, "{}");

    assertThat(target).hasContent("{}");
  }

  @Test
  void onlyNamesOfItsOwnAreTemporary() {
    assertThat(AtomicFiles.isTemporary(AtomicFiles.temporary(folder.resolve("x")))).isTrue();
    assertThat(AtomicFiles.isTemporary(folder.resolve("model.safetensors.part"))).isFalse();
    assertThat(AtomicFiles.isTemporary(folder.resolve(".hidden.tmp"))).isFalse();
  }
}
