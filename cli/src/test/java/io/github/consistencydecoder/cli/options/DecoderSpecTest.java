package io.github.consistencydecoder.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DecoderSpecTest {
  @TempDir private Path folder;

  @Test
  void pluginAloneIsItsOwnName() {
    DecoderSpec spec = DecoderSpec.parse("vae", 5);

    assertThat(spec.name()).isEqualTo("vae");
    assertThat(spec.plugin()).isEqualTo("vae");
    assertThat(spec.settings()).isEmpty();
    assertThat(spec.options().noise()).isEqualTo(Noise.seeded(5));
    assertThat(spec.options().schedule()).isEqualTo(Schedule.TWO_STEPS);
    assertThat(spec.options().clamp()).isEqualTo(ClampMode.EACH_STEP);
  }

  @Test
  void everythingCanBeSaid() {
    DecoderSpec spec =
        DecoderSpec.parse(
            "One step=consistency:model=tiny,steps=1,seed=-3,dialect=diffusers,device=cpu", 5);

    assertThat(spec.name()).isEqualTo("One step");
    assertThat(spec.plugin()).isEqualTo("consistency");
    assertThat(spec.settings()).containsOnlyKeys("model", "device");
    assertThat(spec.options().noise()).isEqualTo(Noise.seeded(-3));
    assertThat(spec.options().schedule()).isEqualTo(Schedule.ONE_STEP);
    assertThat(spec.options().clamp()).isEqualTo(ClampMode.NONE);
  }

  @Test
  void aStartIsAnotherColumnOrADecoder() {
    InstalledModels none = InstalledModels.of(ModelStore.at(folder));
    DecoderSpec vae = DecoderSpec.parse("mine=vae:model=a", 0);
    DecoderSpec warm = DecoderSpec.parse("consistency:start=mine,model=tiny", 0);
    assertThat(warm.settings()).containsOnlyKeys("model");
    assertThat(warm.start(List.of(vae, warm), none, x -> {})).contains(vae);
    DecoderSpec other = DecoderSpec.parse("consistency:start=vae:model=b", 0);
    assertThat(other.start(List.of(vae, other), none, x -> {}))
        .hasValueSatisfying(
            start -> {
              assertThat(start.plugin()).isEqualTo("vae");
              assertThat(start.settings()).containsEntry("model", "b");
            });
    assertThat(vae.start(List.of(vae), none, x -> {})).isEmpty();
    assertThatThrownBy(
            () ->
                DecoderSpec.parse("consistency:start=consistency", 0)
                    .start(List.of(), none, x -> {}))
        .isInstanceOf(CliException.class)
        .hasMessageContaining("of the same kind");
  }

  @Test
  void commasAndEqualsSignsMayBePartOfAValue() {
    DecoderSpec spec =
        DecoderSpec.parse("c=consistency:schedule=1008,512,16,model=C:\\a,b\\c=d.pt", 0);

    assertThat(spec.options().schedule()).isEqualTo(Schedule.of(1008, 512, 16));
    assertThat(spec.settings()).containsEntry("model", "C:\\a,b\\c=d.pt");
  }

  @Test
  void keysMayBeOfSeveralWords() {
    DecoderSpec spec = DecoderSpec.parse("remote:target=a:1,token-file=t,tls-ca=ca.pem,steps=1", 0);

    assertThat(spec.settings())
        .containsOnly(entry("target", "a:1"), entry("token-file", "t"), entry("tls-ca", "ca.pem"));
    assertThat(spec.options().schedule()).isEqualTo(Schedule.ONE_STEP);
  }

  @Test
  void settingsForAllAreNotThoseOfAService() {
    DecoderConfig all = DecoderConfig.empty().with("memory", "3GiB").with("threads", "2");

    DecoderConfig config = DecoderSpec.parse("remote:target=a:1", 0).config(all);

    assertThat(config).hasToString("{target=a:1}");
  }

  @Test
  void ownSettingsReplaceThoseForAll() {
    DecoderConfig all = DecoderConfig.empty().with("device", "cuda").with("threads", "2");

    DecoderConfig config = DecoderSpec.parse("vae:device=cpu", 0).config(all);

    assertThat(config.get("device")).contains("cpu");
    assertThat(config.get("threads")).contains("2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "\"\"|[NAME=]PLUGIN[:key=value,..] is needed",
        "Vae|[NAME=]PLUGIN[:key=value,..] is needed",
        "a=b=c|[NAME=]PLUGIN[:key=value,..] is needed",
        "vae:|'' is not of the form key=value",
        "vae:model|'model' is not of the form key=value",
        "vae:=x|'=x' is not of the form key=value",
        "vae:model=a,model=b|'model' is there twice",
        "vae:steps=1,schedule=16|'steps' and 'schedule' exclude each other",
        "vae:dialect=original,clamp=none|'clamp' is there twice",
        "vae:steps=two|'steps': 'two' is no number of steps",
        "vae:seed=1.5|'seed': '1.5' is neither",
        "vae:steps=65|'steps': '65' is no number of steps",
        "vae:schedule=1024|'schedule': '1024' is no schedule",
        "vae:clamp=maybe|original and diffusers exist",
        "vae:dialect=latin|original and diffusers exist",
      })
  void whatMakesNoSenseIsAUsageError(String text, String message) {
    assertThatThrownBy(() -> DecoderSpec.parse(text, 0))
        .isInstanceOfSatisfying(
            CliException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageStartingWith("--decoder " + text + ": ")
        .hasMessageContaining(message);
  }
}
