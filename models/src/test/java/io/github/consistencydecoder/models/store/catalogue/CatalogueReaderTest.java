package io.github.consistencydecoder.models.store.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.models.store.SampleModels;
import io.github.consistencydecoder.models.store.digests.Sha256;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogueReaderTest {
  private static final String ADDRESS = "\"https://models.example/f.pt\"";
  private static final String FILE = SampleModels.file("f.pt", ADDRESS, "");
  private static final String SOUND = SampleModels.model("m", "file", FILE);

  private static AbstractThrowableAssert<?, ? extends Throwable> refused(String json) {
    return assertThatThrownBy(() -> SampleModels.parse(json))
        .isInstanceOf(CatalogueFormatException.class)
        .hasMessageStartingWith("catalogue.json");
  }

  private static String withFile(String name, String addresses, String fields) {
    return SampleModels.model("m", "file", SampleModels.file(name, addresses, fields));
  }

  @Test
  void aSoundCatalogueIsRead() throws CatalogueFormatException {
    CatalogueEntry entry = SampleModels.parse(SOUND).find("m").orElseThrow();
    assertThat(entry.kind()).isEqualTo(CatalogueEntry.ModelKind.VAE);
    assertThat(entry.layout()).isEqualTo(CatalogueEntry.ModelLayout.FILE);
    assertThat(entry.licence()).isEqualTo(new CatalogueEntry.ModelLicence("unknown", ""));
    assertThat(entry.files()).singleElement().extracting(CatalogueFile::name).isEqualTo("f.pt");
  }

  static Stream<String> fields() {
    return Stream.of(
        "version",
        "models",
        "id",
        "title",
        "kind",
        "layout",
        "holds",
        "licence",
        "note",
        "notes",
        "files",
        "addresses");
  }

  @ParameterizedTest
  @MethodSource("fields")
  void aMissingFieldIsNamed(String field) {
    // Renaming it makes it missing; it is unknown by its new name, which is seen first.
    refused(SOUND.replace("\"" + field + "\":", "\"renamed\":"))
        .hasMessageContaining("unknown field 'renamed'");
    String removed = SOUND.replaceFirst("\"" + field + "\": (\"[^\"]*\"|1|\\[\\]),? ?", "");
    if (!removed.equals(SOUND)) {
      refused(removed.replace(", }", "}")).hasMessageContaining("field '" + field + "' is missing");
    }
  }

  @Test
  void duplicateIdsAreRefused() {
    String entry = SampleModels.entry("m", "file", FILE, "");
    refused(SampleModels.catalogue(entry, entry))
        .hasMessage("catalogue.json.models[1]: id 'm' occurs twice");
  }

  @ParameterizedTest
  @ValueSource(strings = {"M", "a b", "../a", "-a", "a/b", "a.b"})
  void anIdHasItsForm(String id) {
    refused(SampleModels.model(id, "file", FILE))
        .hasMessageContaining("needed lower-case letters, digits and dashes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../f.pt",
        "a/f.pt",
        "a\\\\f.pt",
        "/f.pt",
        "..",
        ".",
        ".hidden",
        "C:f.pt",
        "f.pt ",
        "f.",
        "f.pt.part",
        "files.json",
        "nul\\u0000.pt",
        "ü.pt"
      })
  void aFileNameStaysInItsFolder(String name) {
    refused(withFile(name, ADDRESS, "")).hasMessageContaining("needed a plain name");
  }

  @Test
  void fileNamesAreUniqueWhateverTheirCase() {
    refused(SampleModels.model("m", "folder", FILE + ", " + SampleModels.file("F.PT", ADDRESS, "")))
        .hasMessage("catalogue.json.models[0].files[1]: file 'F.PT' occurs twice");
  }

  @Test
  void aFileLayoutHasOneFile() {
    refused(SampleModels.model("m", "file", FILE + ", " + SampleModels.file("g.pt", ADDRESS, "")))
        .hasMessageContaining("2 files, needed 1 where the layout is 'file'");
  }

  @Test
  void aModelHasFiles() {
    refused(SampleModels.model("m", "folder", "")).hasMessageContaining("no files");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://models.example/f.pt",
        "file:///f.pt",
        "https:///f.pt",
        "https://me:secret@models.example/f.pt",
        "https://models.example/f.pt#x",
        "models.example/f.pt"
      })
  void anAddressIsSecureAndPlain(String address) {
    refused(withFile("f.pt", "\"" + address + "\"", ""))
        .hasMessage(
            "catalogue.json.models[0].files[0]: address '"
                + address
                + "', needed https://host/path");
  }

  @Test
  void anAddressThatIsNoneIsRefused() {
    refused(withFile("f.pt", "\"https://a b\"", "")).hasMessageContaining("cannot be read");
  }

  @Test
  void aFileThatIsNotBundledHasAnAddress() {
    refused(withFile("f.pt", "", "")).hasMessageContaining("no address to fetch it from");
  }

  @Test
  void aBundledFileHasNone() {
    refused(SampleModels.catalogue(SampleModels.entry("m", "file", FILE, ", \"bundled\": true")))
        .hasMessageContaining("a bundled file has no address");
  }

  @Test
  void bundledIsTrueOrFalse() {
    refused(SampleModels.catalogue(SampleModels.entry("m", "file", FILE, ", \"bundled\": 1")))
        .hasMessageContaining("field 'bundled' must be true or false, found a number");
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "", "G"})
  void aChecksumHasItsForm(String digits) {
    refused(withFile("f.pt", ADDRESS, SampleModels.sha256(digits))).hasMessageContaining("sha256");
  }

  @Test
  void aChecksumInCapitalsIsRefused() {
    String capitals = Sha256.of(new byte[0]).toUpperCase(java.util.Locale.ROOT);
    refused(withFile("f.pt", ADDRESS, SampleModels.sha256(capitals)))
        .hasMessageContaining("needed 64 lower-case hexadecimal digits");
  }

  @Test
  void aChecksumSaysWhoseWordItIs() {
    String digits = Sha256.of(new byte[0]);
    refused(withFile("f.pt", ADDRESS, ", \"sha256\": \"" + digits + "\""))
        .hasMessageContaining("fields 'sha256' and 'sha256From' go together");
    refused(
            withFile(
                "f.pt", ADDRESS, ", \"sha256\": \"" + digits + "\", \"sha256From\": \"first-use\""))
        .hasMessageContaining("sha256From 'first-use', needed one of [publisher, third-party]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1.5", "\"1\"", "9007199254740992", "1e400", "null"})
  void bytesAreAWholeNumber(String bytes) {
    refused(withFile("f.pt", ADDRESS, ", \"bytes\": " + bytes)).hasMessageContaining("'bytes'");
  }

  @Test
  void anotherKindOrLayoutIsRefused() {
    refused(SOUND.replace("\"vae\"", "\"unet\""))
        .hasMessageContaining("kind 'unet', needed one of [consistency-decoder, vae, taesd]");
    refused(SOUND.replace("\"file\"", "\"zip\""))
        .hasMessageContaining("layout 'zip', needed one of [file, folder]");
  }

  @Test
  void anotherVersionIsRefused() {
    refused(SOUND.replace("\"version\": 1", "\"version\": 2"))
        .hasMessage("catalogue.json: version 2, needed 1");
  }

  @Test
  void duplicateKeysAreRefused() {
    refused(SOUND.replace("\"version\": 1", "\"version\": 1, \"version\": 1"))
        .hasMessageContaining("not JSON");
  }

  @Test
  void trailingTextIsRefused() {
    refused(SOUND + "{}").hasMessageContaining("not JSON");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "null", "{", "{\"version\": 1, \"models\": 3}"})
  void otherDocumentsAreRefused(String json) {
    refused(json);
  }

  @Test
  void aDamagedCatalogueIsReadOrRefusedAndNothingElse() {
    Random random = new Random(5);
    for (int i = 0; i < 3000; i++) {
      char[] text = SOUND.toCharArray();
      for (int edit = 0; edit <= random.nextInt(3); edit++) {
        text[random.nextInt(text.length)] = "{}[]\",:0a\\".charAt(random.nextInt(10));
      }
      String json = new String(text);
      assertThatCode(
              () -> {
                try {
                  List<CatalogueEntry> entries = SampleModels.parse(json).entries();
                  assertThat(entries).hasSize(1);
                } catch (CatalogueFormatException e) {
                  assertThat(e).hasMessageStartingWith("catalogue.json");
                }
              })
          .as(json)
          .doesNotThrowAnyException();
    }
  }
}
