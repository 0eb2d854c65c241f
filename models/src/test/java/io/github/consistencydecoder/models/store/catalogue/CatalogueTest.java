package io.github.consistencydecoder.models.store.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The catalogue that comes with the program. */
class CatalogueTest {
  private final Catalogue catalogue = Catalogue.standard();

  @Test
  void everyModelOfTheSpecificationIsInIt() {
    assertThat(catalogue.entries())
        .extracting(CatalogueEntry::id)
        .containsExactly(
            "tiny",
            "consistency-decoder",
            "consistency-decoder-diffusers",
            "consistency-decoder-pair",
            "consistency-decoder-amalgamated",
            "sd-vae-ft-mse",
            "sd-vae-ft-mse-original",
            "sd-vae-ft-ema",
            "sd-vae-ft-ema-original",
            "sd-vae-1-5",
            "sd-1-5-original",
            "taesd");
  }

  @Test
  void theOriginalDecoderIsPinnedByItsAddress() {
    CatalogueFile file =
        catalogue.find("consistency-decoder").orElseThrow().file("decoder.pt").orElseThrow();
    String sha256 = file.checksum().orElseThrow().sha256();
    assertThat(file.checksum().orElseThrow().trust()).isEqualTo(Checksum.Trust.PUBLISHER);
    assertThat(file.addresses())
        .containsExactly(
            URI.create("https://openaipublic.azureedge.net/diff-vae/" + sha256 + "/decoder.pt"));
    assertThat(file.bytes()).isEmpty();
  }

  private CatalogueEntry entry(String id) {
    return catalogue.find(id).orElseThrow();
  }

  @Test
  void whatIsStoredOfAFileAtMostGoesByWhatIsKnownOfIt() {
    assertThat(entry("consistency-decoder-diffusers").files())
        .extracting(CatalogueFile::mostBytes)
        .containsExactly(1L << 20, 16L << 30);
    assertThat(entry("consistency-decoder").files().get(0).mostBytes()).isEqualTo(3_735_000_000L);
    assertThat(entry("sd-vae-ft-mse").files().get(0).mostBytes()).isEqualTo(547);
  }

  @Test
  void filesWithoutAChecksumAreNamed() {
    assertThat(entry("tiny").unpinned()).isEmpty();
    assertThat(entry("sd-vae-ft-mse").unpinned()).isEmpty();
    assertThat(entry("taesd").unpinned()).containsExactly("config.json");
    assertThat(entry("consistency-decoder-pair").unpinned()).hasSize(2);
  }

  @Test
  void whatIsUnknownIsNotPinned() {
    for (String id :
        new String[] {
          "consistency-decoder-diffusers",
          "consistency-decoder-pair",
          "consistency-decoder-amalgamated",
          "sd-vae-ft-ema-original"
        }) {
      CatalogueEntry entry = catalogue.find(id).orElseThrow();
      assertThat(entry.licence().name()).isEqualTo("unknown");
      assertThat(entry.files())
          .allSatisfy(
              file -> {
                assertThat(file.checksum()).isEqualTo(Optional.empty());
                assertThat(file.bytes()).isEqualTo(OptionalLong.empty());
              });
    }
  }

  @Test
  void onlyTheTinyModelIsBundled() {
    assertThat(catalogue.entries().stream().filter(CatalogueEntry::bundled))
        .extracting(CatalogueEntry::id)
        .containsExactly("tiny");
  }

  @Test
  void aWeightsFileIsPinnedByItsBytesAndItsChecksumOrByNeither() {
    assertThat(catalogue.entries())
        .flatExtracting(CatalogueEntry::files)
        .filteredOn(file -> file.name().endsWith(".safetensors"))
        .allSatisfy(
            file -> assertThat(file.bytes().isPresent()).isEqualTo(file.checksum().isPresent()));
  }

  @Test
  void likelyBytesAreKnownWhereTheLargePartIs() {
    assertThat(catalogue.find("taesd").orElseThrow().likelyBytes()).hasValue(9_793_292);
    assertThat(catalogue.find("consistency-decoder").orElseThrow().likelyBytes())
        .hasValue(2_490_000_000L);
    assertThat(catalogue.find("consistency-decoder-diffusers").orElseThrow().likelyBytes())
        .isEmpty();
  }

  @Test
  void nearIdsAreFound() {
    assertThat(catalogue.near("consistncy-decoder")).startsWith("consistency-decoder");
    assertThat(catalogue.near("taes")).contains("taesd");
    assertThat(catalogue.near("mse")).containsExactly("sd-vae-ft-mse", "sd-vae-ft-mse-original");
    assertThat(catalogue.near("something else altogether")).isEmpty();
    assertThat(catalogue.near("")).isEmpty();
  }
}
