package io.github.consistencydecoder.models.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.models.store.catalogue.Checksum.Trust;
import io.github.consistencydecoder.models.store.disk.DiskSpace;
import io.github.consistencydecoder.models.store.download.PullListener;
import io.github.consistencydecoder.models.store.download.PullOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledModelsTest {
  private static final String ID = "bundle-for-tests";
  private static final byte[] CONFIG =
      "{\"_class_name\": \"ForTests\"}\n".getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;
  private ModelStore store;

  @BeforeEach
  void open() throws IOException {
    store = store(ID);
  }

  private ModelStore store(String id) throws IOException {
    String files =
        "{\"name\": \"config.json\"}, {\"name\": \"diffusion_pytorch_model.safetensors\"}";
    String catalogue =
        SampleModels.catalogue(SampleModels.entry(id, "folder", files, ", \"bundled\": true"));
    return SampleModels.store(folder, catalogue, Map.of(), DiskSpace.REAL);
  }

  @Test
  void itIsUnpackedOnFirstUse() {
    ResolvedModel model = store.resolve(ID);

    assertThat(model.path()).startsWith(folder.resolve("cache/bundled"));
    assertThat(model.path().resolve("config.json")).hasBinaryContent(CONFIG);
    assertThat(model.path().resolve("diffusion_pytorch_model.safetensors")).hasSize(10);
    assertThat(model.entry()).isPresent();
  }

  @Test
  void theSecondUseWritesNothing() throws IOException {
    Path config = store.resolve(ID).path().resolve("config.json");
    Object key = Files.readAttributes(config, "fileKey").get("fileKey");

    Path again = store.resolve(ID).path().resolve("config.json");

    assertThat(Files.readAttributes(again, "fileKey").get("fileKey")).isEqualTo(key);
  }

  @Test
  void aDamagedCopyIsWrittenAgain() throws IOException {
    Path config = store.resolve(ID).path().resolve("config.json");
    byte[] damaged = CONFIG.clone();
    damaged[5] ^= 1;
    Files.write(config, damaged);

    store.resolve(ID);

    assertThat(config).hasBinaryContent(CONFIG);
  }

  @Test
  void aLinkInItsPlaceIsReplacedAndNotFollowed() throws IOException {
    Path config = store.resolve(ID).path().resolve("config.json");
    Path outside = Files.writeString(folder.resolve("outside"), "precious");
    Files.delete(config);
    Files.createSymbolicLink(config, outside);

    store.resolve(ID);

    assertThat(outside).hasContent("precious");
    assertThat(config).isRegularFile().hasBinaryContent(CONFIG);
    assertThat(Files.isSymbolicLink(config)).isFalse();
  }

  @Test
  void manyAtOnceLeaveOneSoundCopy() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    Callable<Path> unpacking = () -> store(ID).resolve(ID).path();
    List<Path> paths = new ArrayList<>();
    for (Future<Path> path : threads.invokeAll(java.util.Collections.nCopies(32, unpacking))) {
      paths.add(path.get());
    }
    threads.shutdown();

    assertThat(paths).containsOnly(paths.get(0));
    try (var files = Files.list(paths.get(0))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("config.json", "diffusion_pytorch_model.safetensors");
    }
    assertThat(store.verify(ID).sound()).isTrue();
  }

  @Test
  void pullAndVerifyAreSatisfiedWithTheBundledFiles() throws IOException {
    Pulled pulled = store.pull(ID, PullOptions.defaults(), PullListener.NONE);
    assertThat(pulled.files())
        .extracting(file -> file.checksum().trust())
        .containsOnly(Trust.BUNDLED);

    Verification verification = store.verify(ID);
    assertThat(verification.sound()).isTrue();
    assertThat(verification.files()).hasSize(2);
  }

  @Test
  void itIsListedWithoutBeingUnpacked() throws IOException {
    StoredModel stored = store.list().get(0);
    assertThat(stored.state()).isEqualTo(StoredModel.State.INSTALLED);
    assertThat(stored.bytes()).isEqualTo(CONFIG.length + 10);
    assertThat(stored.path()).doesNotExist();
    assertThat(store.path(ID)).isEqualTo(stored.path()).exists();
  }

  @Test
  void removeDeletesTheUnpackedCopy() throws IOException {
    assertThat(store.remove(ID)).isFalse();
    Path path = store.path(ID);

    assertThat(store.remove(ID)).isTrue();

    assertThat(path).doesNotExist();
    assertThat(store.path(ID)).exists();
  }

  @Test
  void itCannotBeReplacedByImport() {
    assertThatThrownBy(() -> store.importFrom(ID, folder))
        .isInstanceOf(DecoderException.class)
        .hasMessage("model 'bundle-for-tests' comes with the program and cannot be replaced")
        .extracting("code")
        .isEqualTo(DecoderErrorCode.MODEL_UNSUPPORTED);
  }

  @Test
  void aBuildWithoutTheFilesSaysSo() throws IOException {
    ModelStore without = store("no-such-bundle");
    assertThatThrownBy(() -> without.resolve("no-such-bundle"))
        .isInstanceOf(DecoderException.class)
        .hasMessage(
            "model 'no-such-bundle' is not in this build of the program: config.json is missing")
        .extracting("code")
        .isEqualTo(DecoderErrorCode.MODEL_MISSING);
    assertThat(without.list().get(0).state()).isEqualTo(StoredModel.State.ABSENT);
  }

  @Test
  void aCacheThatCannotBeWrittenSaysWhatToSet() throws IOException {
    Files.writeString(folder.resolve("cache"), "a file where the folder should be");
    assertThatThrownBy(() -> store.resolve(ID))
        .isInstanceOf(DecoderException.class)
        .hasMessageContaining("cannot be unpacked to")
        .hasMessageNotContaining("Exception")
        .hasMessageContaining("set CONSISTENCY_DECODER_HOME to a folder that can be written");
  }

  @Test
  void theTinyModelOfThisBuildUnpacks() {
    Assumptions.assumeTrue(
        BundledModels.class.getResource("tiny/config.json") != null,
        "this build carries no tiny model");
    ResolvedModel tiny = ModelStore.at(folder).resolve("tiny");
    assertThat(tiny.path().resolve("config.json")).isNotEmptyFile();
    assertThat(tiny.path().resolve("diffusion_pytorch_model.safetensors")).isNotEmptyFile();
  }
}
