package io.github.consistencydecoder.models.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreFoldersTest {
  private static final Path HOME = Path.of("/home/someone");

  @ParameterizedTest
  @ValueSource(strings = {"Linux", "Mac OS X", "Windows 11"})
  void theVariableComesFirstEverywhere(String system) {
    assertThat(StoreFolders.standard(Map.of("CONSISTENCY_DECODER_HOME", "/big/disk"), system, HOME))
        .isEqualTo(new StoreFolders(Path.of("/big/disk"), Path.of("/big/disk/cache")));
  }

  @Test
  void linuxWithoutSettings() {
    assertThat(StoreFolders.standard(Map.of(), "Linux", HOME))
        .isEqualTo(
            new StoreFolders(
                HOME.resolve(".local/share/consistency-decoder"),
                HOME.resolve(".cache/consistency-decoder")));
  }

  @Test
  void linuxWithTheXdgVariables() {
    assertThat(
            StoreFolders.standard(
                Map.of("XDG_DATA_HOME", "/data", "XDG_CACHE_HOME", "/cache"), "Linux", HOME))
        .isEqualTo(
            new StoreFolders(
                Path.of("/data/consistency-decoder"), Path.of("/cache/consistency-decoder")));
  }

  @Test
  void relativeXdgVariablesAreIgnored() {
    assertThat(StoreFolders.standard(Map.of("XDG_DATA_HOME", "data"), "Linux", HOME).data())
        .isEqualTo(HOME.resolve(".local/share/consistency-decoder"));
  }

  @Test
  void blankVariablesAreNotSet() {
    assertThat(StoreFolders.standard(Map.of("CONSISTENCY_DECODER_HOME", ""), "Linux", HOME).data())
        .isEqualTo(HOME.resolve(".local/share/consistency-decoder"));
  }

  @Test
  void macOs() {
    assertThat(StoreFolders.standard(Map.of(), "Mac OS X", HOME))
        .isEqualTo(
            new StoreFolders(
                HOME.resolve("Library/Application Support/consistency-decoder"),
                HOME.resolve("Library/Caches/consistency-decoder")));
  }

  @Test
  void windows() {
    assertThat(StoreFolders.standard(Map.of("LOCALAPPDATA", "/local"), "Windows 11", HOME))
        .isEqualTo(
            new StoreFolders(
                Path.of("/local/consistency-decoder"),
                Path.of("/local/consistency-decoder/cache")));
    assertThat(StoreFolders.standard(Map.of(), "Windows 11", HOME).data())
        .isEqualTo(HOME.resolve("AppData/Local/consistency-decoder"));
  }

  @Test
  void aFolderOfTheCallersChoiceIsMadeAbsolute() {
    StoreFolders folders = StoreFolders.at(Path.of("some/../store"));
    assertThat(folders.data()).isAbsolute().isEqualTo(Path.of("store").toAbsolutePath());
    assertThat(folders.cache()).isEqualTo(folders.data().resolve("cache"));
  }
}
