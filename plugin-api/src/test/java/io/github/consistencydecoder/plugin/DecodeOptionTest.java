package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DecodeOptionTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "seed | 42 | seed=42",
        "seed | -7 | seed=-7",
        "seed | 1,2, 3 | seed=1,2,3",
        "seed | 18446744073709551615 | seed=-1",
        "seeds | 5 | seed=5",
        "steps | 1 | schedule=1008",
        "schedule | 1008,16 | schedule=1008,16",
        "timesteps | 512,512 | schedule=512,512",
        "dialect | diffusers | dialect=diffusers",
        "clamp | none | dialect=diffusers",
        "clamp | each-step | dialect=original",
        "tiling | exact | tiling=exact",
      })
  void aTextIsReadAndPrinted(String name, String text, String printed) {
    String[] expected = printed.split("=", -1);
    assertThat(DecodeOption.printAll(read(name, text))).containsEntry(expected[0], expected[1]);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "seed | x | 'x' is neither a 64-bit whole number nor several, with commas",
        "seed | \"\" | '' is neither a 64-bit whole number nor several, with commas",
        "seed | 18446744073709551616 | '18446744073709551616' is neither",
        "seed | 1.5 | '1.5' is neither",
        "seeds | 1,,2 | '1,,2' is neither",
        "steps | 0 | '0' is no number of steps; a whole number of 1 to 64 is needed",
        "steps | two | 'two' is no number of steps",
        "steps | 65 | '65' is no number of steps",
        "schedule | 512,1008 | '512,1008' is no schedule; 1 to 64 timesteps of 1 to 1023 are"
            + " needed",
        "schedule | 1024 | '1024' is no schedule",
        "schedule | \"\" | '' is no schedule",
        "dialect | latin | 'latin' is unknown; original and diffusers exist",
        "clamp | NONE | 'NONE' is unknown; original and diffusers exist",
        "tiling | tiles | 'tiles' is unknown; auto, whole, exact and overlapped exist",
      })
  void whatIsNoValueIsRefusedInOneSentence(String name, String text, String sentence) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(name, text))
        .withMessageStartingWith(sentence);
  }

  @Test
  void aRefusalRepeatsOnlyTheStartInPlainCharacters() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read("tiling", "\u001b[2J\u202e" + "x".repeat(99)))
        .withMessageStartingWith("'?[2J?" + "x".repeat(35) + "..' is unknown");
  }

  @Test
  void severalAreReadTogetherAndNamedAsTheEntranceNamesThem() {
    Map<DecodeOption, String> texts = new LinkedHashMap<>();
    texts.put(DecodeOption.TILING, "exact");
    texts.put(DecodeOption.STEPS, "0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> readAll(texts))
        .withMessageStartingWith("--steps: '0' is no number of steps");
    texts.put(DecodeOption.STEPS, "1");
    assertThat(readAll(texts).schedule()).isEqualTo(Schedule.ONE_STEP);
    texts.put(DecodeOption.SCHEDULE, "1008");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> readAll(texts))
        .withMessage("--steps and --schedule exclude each other; one of them is needed");
  }

  @ParameterizedTest
  @EnumSource(DecodeOption.class)
  void anOptionSaysWhatItTakesAndReadsWhatItPrints(DecodeOption option) {
    assertThat(option.sentence()).endsWith(".");
    assertThat(DecodeOption.named(option.id())).contains(option);
    if (!option.readable()) {
      assertThat(option.form()).isEmpty();
      return;
    }
    assertThat(option.form()).isNotEmpty();
    option.usual().ifPresent(usual -> assertThat(readBy(option, usual)).isEqualTo(usualMap()));
    Set<Map<String, Object>> different = new HashSet<>();
    for (String word : option.words()) {
      DecodeOptions.Builder builder = DecodeOptions.builder();
      option.read(word, builder);
      assertThat(option.print(builder.build())).contains(word);
      different.add(builder.build().asMap());
    }
    assertThat(different).hasSameSizeAs(option.words());
  }

  @Test
  void namesAreThereOnceAndEveryPropertyHasADefault() {
    List<String> names =
        Arrays.stream(DecodeOption.values())
            .flatMap(o -> Stream.concat(Stream.of(o.id()), o.aliases().stream()))
            .toList();
    assertThat(names).doesNotHaveDuplicates();
    assertThat(DecodeOption.named("colour")).isEmpty();
    assertThat(DecodeOption.printAll(DecodeOptions.defaults()))
        .isEqualTo(
            Map.of("seed", "0", "schedule", "1008,512", "dialect", "original", "tiling", "auto"));
    assertThat(DecodeOption.STEPS.usual()).contains("2");
  }

  @Test
  void sharedNoiseHasOneSeed() {
    DecodeOptions.Builder builder = DecodeOptions.builder();
    DecodeOption.NOISE_SHARED.read("7", builder);
    assertThat(builder.build().noise()).isEqualTo(Noise.shared(7));
    assertThat(DecodeOption.printAll(builder.build()))
        .containsEntry("noise-shared", "7")
        .doesNotContainKey("seed");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DecodeOption.NOISE_SHARED.read("1,2", builder))
        .withMessage("'1,2' is not one seed; a 64-bit whole number is needed");
  }

  @Test
  void givenNoiseIsPrintedButNotRead() {
    DecodeOptions options =
        DecodeOptions.builder().noise(List.of(new float[192], new float[192])).build();
    assertThat(DecodeOption.NOISE.readable()).isFalse();
    assertThat(DecodeOption.printAll(options)).containsEntry("noise", "given");
    assertThat(DecodeOption.SEED.print(options)).isEqualTo(Optional.empty());
  }

  private static DecodeOptions read(String name, String text) {
    DecodeOptions.Builder builder = DecodeOptions.builder();
    DecodeOption.named(name).orElseThrow().read(text, builder);
    return builder.build();
  }

  private static DecodeOptions readAll(Map<DecodeOption, String> texts) {
    DecodeOptions.Builder builder = DecodeOptions.builder();
    DecodeOption.readAll(texts, option -> "--" + option.id(), builder);
    return builder.build();
  }

  private static Map<String, Object> readBy(DecodeOption option, String text) {
    DecodeOptions.Builder builder = DecodeOptions.builder();
    option.read(text, builder);
    return builder.build().asMap();
  }

  private static Map<String, Object> usualMap() {
    return DecodeOptions.defaults().asMap();
  }
}
