package io.github.consistencydecoder.models.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.models.store.catalogue.Checksum.Trust;
import io.github.consistencydecoder.models.store.catalogue.FileRecords;
import io.github.consistencydecoder.models.store.digests.Sha256;
import io.github.consistencydecoder.models.store.disk.DiskSpace;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that the user brings. */
class ImportTest {
  private static final byte[] CONTENT = SampleModels.safetensors(5000, 1);
  private static final byte[] SMALL = SampleModels.safetensors(50, 2);

  @TempDir Path temporary;
  private Path folder;
  private Path downloads;

  @BeforeEach
  void folders() throws IOException {
    folder = temporary.resolve("store");
    downloads = Files.createDirectory(temporary.resolve("downloads"));
  }

  private ModelStore single(String fields) throws IOException {
    return SampleModels.store(folder, SampleModels.singleFile(fields), Map.of(), DiskSpace.REAL);
  }

  private ModelStore pair() throws IOException {
    String files =
        SampleModels.file("a.safetensors", "\"https://models.example/a\"", "")
            + ", "
            + SampleModels.file("b.safetensors", "\"https://models.example/b\"", "");
    return SampleModels.store(
        folder, SampleModels.model(SampleModels.ID, "folder", files), Map.of(), DiskSpace.REAL);
  }

  private Path download(String name, byte[] content) throws IOException {
    return Files.write(downloads.resolve(name), content);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> refused(
      ModelStore store, Path source, DecoderErrorCode code) throws IOException {
    var assertion =
        assertThatThrownBy(() -> store.importFrom(SampleModels.ID, source))
            .isInstanceOf(DecoderException.class)
            .satisfies(e -> assertThat(((DecoderException) e).code()).isEqualTo(code));
    assertThat(store.list().get(0).state()).isEqualTo(StoredModel.State.ABSENT);
    return assertion;
  }

  @Test
  void aFileOfAnyNameIsTakenForASingleFileModel() throws IOException {
    Path source = download("model (1).safetensors", CONTENT);

    Pulled pulled = single(SampleModels.pinned(CONTENT)).importFrom(SampleModels.ID, source);

    assertThat(pulled.path())
        .isEqualTo(folder.resolve("models/sample/model.safetensors"))
        .hasBinaryContent(CONTENT);
    assertThat(pulled.missing()).isEmpty();
    assertThat(pulled.files().get(0).checksum().trust()).isEqualTo(Trust.PUBLISHER);
    assertThat(source).hasBinaryContent(CONTENT);
    assertThat(single("").resolve(SampleModels.ID).path()).isEqualTo(pulled.path());
  }

  @Test
  void nothingTemporaryIsLeft() throws IOException {
    Path source = download(SampleModels.FILE, CONTENT);
    single("").importFrom(SampleModels.ID, source);

    // Again, so that the file is renamed onto a link of itself.
    single("").importFrom(SampleModels.ID, source);

    try (var files = Files.list(folder.resolve("models/sample"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(SampleModels.FILE, FileRecords.NAME);
    }
  }

  @Test
  void theStoresOwnFileCanBeImported() throws IOException {
    single("").importFrom(SampleModels.ID, download(SampleModels.FILE, CONTENT));
    Path own = single("").path(SampleModels.ID);

    single("").importFrom(SampleModels.ID, own);

    assertThat(own).hasBinaryContent(CONTENT);
  }

  @Test
  void aLinkIsFollowedToItsFile() throws IOException {
    Path link = downloads.resolve("link");
    Files.createSymbolicLink(link, download("blob", CONTENT));

    Path path = single("").importFrom(SampleModels.ID, link).path();

    assertThat(Files.isSymbolicLink(path)).isFalse();
    assertThat(path).hasBinaryContent(CONTENT);
  }

  @Test
  void aFolderWithBothFilesIsTaken() throws IOException {
    download("a.safetensors", CONTENT);
    download("b.safetensors", SMALL);
    download("unrelated.txt", SMALL);

    Pulled pulled = pair().importFrom(SampleModels.ID, downloads);

    assertThat(pulled.missing()).isEmpty();
    assertThat(pulled.path()).isEqualTo(folder.resolve("models/sample"));
    assertThat(pair().verify(SampleModels.ID).sound()).isTrue();
  }

  @Test
  void filesCanComeOneByOneAndTheRestIsNamed() throws IOException {
    Pulled first = pair().importFrom(SampleModels.ID, download("a.safetensors", CONTENT));
    assertThat(first.missing()).containsExactly("b.safetensors");
    assertThatThrownBy(() -> pair().resolve(SampleModels.ID))
        .hasMessageContaining("of model 'sample' b.safetensors is not installed")
        .hasMessageContaining("fetch https://models.example/b in a browser")
        .hasMessageContaining("./consistency-decoder models import sample b.safetensors");

    Pulled second = pair().importFrom(SampleModels.ID, download("b.safetensors", SMALL));
    assertThat(second.missing()).isEmpty();
    assertThat(pair().resolve(SampleModels.ID).path()).isEqualTo(second.path());
  }

  @Test
  void aNameThatIsNoneOfTheFilesIsRefused() throws IOException {
    refused(pair(), download("c.safetensors", CONTENT), DecoderErrorCode.MODEL_MISSING)
        .hasMessage(
            "c.safetensors is none of the files of model 'sample', needed a.safetensors,"
                + " b.safetensors");
  }

  @Test
  void aFolderWithoutAnyOfTheFilesIsRefused() throws IOException {
    refused(pair(), downloads, DecoderErrorCode.MODEL_MISSING)
        .hasMessage(
            downloads
                + " holds none of the files of model 'sample', needed a.safetensors,"
                + " b.safetensors");
  }

  @Test
  void aPathThatIsNotThereIsRefused() throws IOException {
    Path nowhere = downloads.resolve("nowhere");
    refused(pair(), nowhere, DecoderErrorCode.MODEL_MISSING)
        .hasMessage("no file or folder " + nowhere);
  }

  @Test
  void anotherLengthIsRefused() throws IOException {
    Path source = download(SampleModels.FILE, SMALL);
    refused(single(SampleModels.pinned(CONTENT)), source, DecoderErrorCode.MODEL_CORRUPT)
        .hasMessage(
            source + " is not model.safetensors of model 'sample': it has 50 bytes, needed 5000");
  }

  @Test
  void anotherChecksumIsRefused() throws IOException {
    byte[] other = SampleModels.safetensors(5000, 3);
    Path source = download(SampleModels.FILE, other);
    refused(single(SampleModels.pinned(CONTENT)), source, DecoderErrorCode.MODEL_CORRUPT)
        .hasMessageContaining(
            "its SHA-256 is " + Sha256.of(other) + ", needed " + Sha256.of(CONTENT));
    assertThat(source).hasBinaryContent(other);
  }

  @Test
  void aFileThatNobodyVouchesForMustLookLikeOne() throws IOException {
    Path source = Files.writeString(downloads.resolve("x"), "<html>please log in</html>");
    refused(single(""), source, DecoderErrorCode.MODEL_CORRUPT)
        .hasMessageContaining("it does not begin like a safetensors file");
  }

  @Test
  void anImportReplacesAnEarlierFile() throws IOException {
    single("").importFrom(SampleModels.ID, download("old", CONTENT));

    single("").importFrom(SampleModels.ID, download("new", SMALL));

    assertThat(single("").path(SampleModels.ID)).hasBinaryContent(SMALL);
    assertThat(single("").verify(SampleModels.ID).sound()).isTrue();
  }
}
