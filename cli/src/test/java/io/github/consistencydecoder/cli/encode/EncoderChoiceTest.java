package io.github.consistencydecoder.cli.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.cli.StoreWith;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.ModelStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EncoderChoiceTest {
  @TempDir private Path folder;

  private ModelStore store() {
    return ModelStore.at(folder);
  }

  private EncoderChoice choose(String encoder, String model) {
    return EncoderChoice.of(encoder, model, "--model", store());
  }

  @Test
  void vaeOfTheStoreIsTheUsualOne() throws IOException {
    StoreWith.model(store(), "taesd");
    StoreWith.model(store(), "sd-vae-1-5");

    EncoderChoice choice = choose(null, null);

    assertThat(choice.encoder()).isEqualTo("vae");
    assertThat(choice.model()).contains("sd-vae-1-5");
    assertThat(choice.said()).contains("sd-vae-1-5");
    assertThat(choose("vae", null)).isEqualTo(choice);
  }

  @Test
  void encoderBesideAConsistencyDecoderWillDo() throws IOException {
    StoreWith.model(store(), "consistency-decoder-diffusers");

    assertThat(choose(null, null).model()).contains("consistency-decoder-diffusers");
  }

  @Test
  void taesdIsTakenAloudIfThereIsNothingElse() throws IOException {
    StoreWith.model(store(), "taesd");

    EncoderChoice choice = choose(null, null);

    assertThat(choice.encoder()).isEqualTo("taesd");
    assertThat(choice.said()).contains("approximation", "models pull sd-vae-ft-mse");
    assertThatThrownBy(() -> choose("vae", null)).isInstanceOf(CliException.class);
  }

  @Test
  void withNothingInTheStoreTheCommandThatFetchesOneIsSaid() {
    assertThatThrownBy(() -> choose(null, null))
        .isInstanceOfSatisfying(
            CliException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.MODEL))
        .hasMessageContaining("./consistency-decoder models pull sd-vae-ft-mse")
        .hasMessageContaining("--model");
  }

  @Test
  void whatIsAskedForIsTaken() {
    assertThat(choose("mine", null)).isEqualTo(new EncoderChoice("mine", Optional.empty(), ""));
    assertThat(choose("mine", "m")).isEqualTo(new EncoderChoice("mine", Optional.of("m"), ""));
    assertThat(choose(null, "a/folder").encoder()).isEqualTo("vae");
    assertThat(choose(null, "taesd").encoder()).isEqualTo("taesd");
  }
}
