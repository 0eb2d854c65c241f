package io.github.consistencydecoder.cli.options;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.StoreWith;
import io.github.consistencydecoder.models.store.ModelStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DecoderChoiceTest {
  @TempDir private Path folder;

  private final List<String> said = new ArrayList<>();

  private List<DecoderSpec> usual(String... models) throws IOException {
    ModelStore store = ModelStore.at(folder);
    for (String model : models) {
      StoreWith.model(store, model);
    }
    return DecoderSpec.Choice.usual(InstalledModels.of(store), 9, said::add);
  }

  @Test
  void vaeAndConsistencyDecoderOfTheStoreAreTheUsualTwo() throws IOException {
    List<DecoderSpec> columns = usual("sd-vae-ft-mse", "consistency-decoder");

    assertThat(columns).extracting(DecoderSpec::plugin).containsExactly("vae", "consistency");
    assertThat(columns.get(0).settings()).containsEntry("model", "sd-vae-ft-mse");
    assertThat(columns.get(1).settings()).containsEntry("model", "consistency-decoder");
    assertThat(columns.get(1).options().noise()).hasToString("9");
    assertThat(said).singleElement().asString().contains("sd-vae-ft-mse", "consistency-decoder");
  }

  @Test
  void oneOfThemIsNotEnough() throws IOException {
    List<DecoderSpec> columns = usual("sd-vae-ft-mse");

    assertThat(columns)
        .extracting(DecoderSpec::name)
        .containsExactly("linear preview", "bundled preview");
    assertThat(said).singleElement().asString().contains("the store does not have both");
  }

  @Test
  void modelsThatAreNotNamedAreSaid() throws IOException {
    StoreWith.model(ModelStore.at(folder), "sd-vae-ft-ema");
    InstalledModels installed = InstalledModels.of(ModelStore.at(folder));

    DecoderSpec vae =
        DecoderSpec.Choice.complete(DecoderSpec.parse("vae", 0), installed, said::add);
    DecoderSpec consistency =
        DecoderSpec.Choice.complete(DecoderSpec.parse("consistency", 0), installed, said::add);
    DecoderSpec named =
        DecoderSpec.Choice.complete(DecoderSpec.parse("vae:model=m", 0), installed, said::add);

    assertThat(vae.settings()).containsEntry("model", "sd-vae-ft-ema");
    assertThat(consistency.settings()).containsEntry("model", "tiny");
    assertThat(named.settings()).containsEntry("model", "m");
    assertThat(said).hasSize(2);
    assertThat(said.get(1)).contains("not OpenAI's decoder");
  }
}
