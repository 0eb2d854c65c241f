package io.github.consistencydecoder.models.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.consistencydecoder.models.store.Verification.FileCheck.Finding;
import io.github.consistencydecoder.models.store.catalogue.Catalogue;
import io.github.consistencydecoder.models.store.catalogue.FileRecords;
import io.github.consistencydecoder.models.store.digests.ModelDigests;
import io.github.consistencydecoder.models.store.digests.RememberedChecksum;
import io.github.consistencydecoder.models.store.digests.Sha256;
import io.github.consistencydecoder.models.store.disk.DiskSpace;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding, checking, listing and removing. */
class ModelStoreTest {
  private static final byte[] CONTENT = SampleModels.safetensors(5000, 1);

  @TempDir Path temporary;
  private Path folder;
  private Path file;

  @BeforeEach
  void folders() {
    folder = temporary.resolve("store");
    file = folder.resolve("models/sample/model.safetensors");
  }

  private ModelStore store(String fields) throws IOException {
    return SampleModels.store(folder, SampleModels.singleFile(fields), Map.of(), DiskSpace.REAL);
  }

  private ModelStore pinned() throws IOException {
    return store(SampleModels.pinned(CONTENT));
  }

  private void install(ModelStore store, byte[] content) throws IOException {
    store.importFrom(SampleModels.ID, Files.write(temporary.resolve("source"), content));
    // A link would be damaged together with its source.
    Files.delete(temporary.resolve("source"));
  }

  @Test
  void aStoreWritesNothingUntilItHasTo() throws IOException {
    ModelStore store = ModelStore.at(folder);
    assertThat(store.folder()).isEqualTo(folder);
    assertThat(store.cacheFolder()).isEqualTo(folder.resolve("cache"));
    assertThat(store.list()).hasSameSizeAs(Catalogue.standard().entries());
    assertThat(store.remove("taesd")).isFalse();
    assertThatThrownBy(() -> store.verify("taesd")).isInstanceOf(DecoderException.class);
    assertThat(folder).doesNotExist();
  }

  @Test
  void aKnownModelThatIsNotInstalledSaysWhichCommandBringsIt() {
    assertThatThrownBy(() -> ModelStore.at(folder).resolve("consistency-decoder"))
        .isInstanceOf(DecoderException.class)
        .hasMessage(
            "model 'consistency-decoder' is not installed in "
                + folder
                + "; fetch it with: ./consistency-decoder models pull consistency-decoder (about"
                + " 2.49 GB); where there is no network, fetch"
                + " https://openaipublic.azureedge.net/diff-vae/"
                + "c9cebd3132dd9c42936d803e33424145a748843c8f716c0814838bdc8a2fe7cb/decoder.pt"
                + " in a browser and run: ./consistency-decoder models import"
                + " consistency-decoder decoder.pt")
        .extracting("code")
        .isEqualTo(DecoderErrorCode.MODEL_MISSING);
  }

  @Test
  void aModelOfSeveralFilesIsImportedAsAFolder() {
    assertThatThrownBy(() -> ModelStore.at(folder).resolve("taesd"))
        .hasMessageContaining(
            "https://huggingface.co/madebyollin/taesd/resolve/main/config.json and")
        .hasMessageEndingWith(
            "in a browser and run: ./consistency-decoder models import taesd FOLDER (the folder"
                + " they were saved in)");
  }

  @Test
  void anUnknownNameNamesNearIds() {
    assertThatThrownBy(() -> ModelStore.at(folder).resolve("consistency-decodr"))
        .isInstanceOf(DecoderException.class)
        .hasMessage(
            "no model 'consistency-decodr': neither an id of the catalogue nor an existing file or"
                + " folder; near: consistency-decoder, consistency-decoder-pair;"
                + " ./consistency-decoder models list shows the catalogue");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "nul\0", "/no/such/place/at/all"})
  void namesThatAreNothingAreMissing(String name) {
    assertThatThrownBy(() -> ModelStore.at(folder).resolve(name))
        .isInstanceOf(DecoderException.class)
        .extracting("code")
        .isEqualTo(DecoderErrorCode.MODEL_MISSING);
  }

  @Test
  void filesAndFoldersAreFoundByPath() throws IOException {
    Path model = Files.write(temporary.resolve("my.safetensors"), CONTENT);
    ModelStore store = ModelStore.at(folder);

    ResolvedModel byFile = store.resolve(model.toString());
    assertThat(byFile.name()).isEqualTo("my.safetensors");
    assertThat(byFile.path()).isEqualTo(model);
    assertThat(byFile.entry()).isEmpty();
    assertThat(store.resolve(temporary + "/./").path()).isEqualTo(temporary);
  }

  @Test
  void anInstalledModelIsFound() throws IOException {
    install(pinned(), CONTENT);
    ResolvedModel model = pinned().resolve(SampleModels.ID);
    assertThat(model.name()).isEqualTo(SampleModels.ID);
    assertThat(model.path()).isEqualTo(file);
    assertThat(model.entry().orElseThrow().id()).isEqualTo(SampleModels.ID);
    assertThat(pinned().path(SampleModels.ID)).isEqualTo(file);
  }

  @Test
  void aShortenedFileIsSeenWithoutReadingIt() throws IOException {
    install(pinned(), CONTENT);
    Files.write(file, SampleModels.safetensors(100, 1));
    assertThatThrownBy(() -> pinned().resolve(SampleModels.ID))
        .isInstanceOf(DecoderException.class)
        .hasMessage(
            "model.safetensors of model 'sample' has 100 bytes, needed 5000; fetch it again with:"
                + " ./consistency-decoder models pull sample --force")
        .extracting("code")
        .isEqualTo(DecoderErrorCode.MODEL_CORRUPT);
  }

  @Test
  void verifyFindsAChangedByte() throws IOException {
    install(pinned(), CONTENT);
    assertThat(pinned().verify(SampleModels.ID).sound()).isTrue();
    byte[] changed = CONTENT.clone();
    changed[4000] ^= 1;
    Files.write(file, changed);

    Verification verification = pinned().verify(SampleModels.ID);

    assertThat(verification.sound()).isFalse();
    assertThat(verification.files())
        .containsExactly(
            new Verification.FileCheck(
                SampleModels.FILE,
                Finding.WRONG,
                "sha256 %s, needed %s (as published)"
                    .formatted(Sha256.of(changed), Sha256.of(CONTENT))));
  }

  @Test
  void verifyComparesWithWhatWasRecordedWhereNothingIsPublished() throws IOException {
    install(store(""), CONTENT);
    Files.write(file, SampleModels.safetensors(5000, 2));

    Verification verification = store("").verify(SampleModels.ID);

    assertThat(verification.files().get(0).finding()).isEqualTo(Finding.WRONG);
    assertThat(verification.files().get(0).detail()).endsWith("(as recorded when the file came)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{\"version\": 2, \"files\": {}}", "{\"version\": 1}"})
  void damagedRecordsCountAsNone(String records) throws IOException {
    install(store(""), CONTENT);
    Files.writeString(file.resolveSibling(FileRecords.NAME), records);

    assertThat(store("").verify(SampleModels.ID).files().get(0).finding())
        .isEqualTo(Finding.RECORDED);
    assertThat(store("").verify(SampleModels.ID).files().get(0).finding()).isEqualTo(Finding.SOUND);
  }

  @Test
  void aFileOfTheWrongKindIsNotRecorded() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "<html>please log in</html>");
    Verification verification = store("").verify(SampleModels.ID);
    assertThat(verification.files().get(0))
        .isEqualTo(
            new Verification.FileCheck(
                SampleModels.FILE, Finding.WRONG, "does not begin like a safetensors file"));
  }

  @Test
  void theListSaysWhatIsThere() throws IOException {
    assertThat(pinned().list().get(0))
        .isEqualTo(
            new StoredModel(
                pinned().catalogue().find(SampleModels.ID).orElseThrow(),
                StoredModel.State.ABSENT,
                file,
                0,
                0));
    install(pinned(), CONTENT);
    StoredModel stored = pinned().list().get(0);
    assertThat(stored.state()).isEqualTo(StoredModel.State.INSTALLED);
    assertThat(stored.bytes()).isEqualTo(5000);
  }

  @Test
  void removeLeavesNothingOfTheModelAndEverythingElse() throws IOException {
    install(pinned(), CONTENT);
    Files.write(file.resolveSibling("model.safetensors.part"), CONTENT);
    Files.write(file.resolveSibling("model.safetensors.part.json"), CONTENT);

    assertThat(pinned().remove(SampleModels.ID)).isTrue();

    assertThat(file.getParent()).doesNotExist();
    assertThat(pinned().remove(SampleModels.ID)).isFalse();
  }

  @Test
  void removeDoesNotTouchForeignFiles() throws IOException {
    install(pinned(), CONTENT);
    Path foreign = Files.writeString(file.resolveSibling("notes.txt"), "mine");

    pinned().remove(SampleModels.ID);

    assertThat(foreign).hasContent("mine");
    assertThat(file).doesNotExist();
  }

  @Test
  void theDigestOfAnImportedModelIsKnownAtOnce() throws IOException {
    pinned().importFrom(SampleModels.ID, Files.write(temporary.resolve("source"), CONTENT));
    assertThat(ModelDigests.remembered(pinned().cacheFolder()))
        .extracting(RememberedChecksum::sha256, RememberedChecksum::state)
        .containsExactly(tuple(Sha256.of(CONTENT), RememberedChecksum.State.SAME));
  }
}
