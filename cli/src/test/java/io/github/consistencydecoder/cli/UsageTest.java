package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

final class UsageTest {
  @Test
  void helpNamesTheCommandsAndTheExitCodes() {
    CommandRun run = CommandRun.of("--help").exits(0);

    assertThat(run.out())
        .contains("decode", "encode", "compare", "demo", "models", "doctor", "bench")
        .contains("Exit codes:", "130  interrupted");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "decode",
        "encode",
        "compare",
        "demo",
        "doctor",
        "bench",
        "models",
        "models list",
        "models pull",
        "models verify",
        "models import",
        "models path",
        "models inspect",
        "models remove"
      })
  void everyCommandHasHelp(String command) {
    CommandRun run = CommandRun.of((Object[]) (command + " --help").split(" ")).exits(0);

    assertThat(run.out()).contains("Usage: consistency-decoder " + command);
    assertThat(run.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 120})
  void helpFitsTheWidthAndBreaksNoLineEarly(int width) {
    CommandLine root = Main.commandLine().setUsageHelpWidth(width);
    for (CommandLine command : withParts(root)) {
      String name = command.getCommandSpec().qualifiedName();
      List<String> lines = command.getUsageMessage().lines().toList();
      assertThat(lines).as(name).allMatch(line -> line.length() <= width);
      for (int i = 1; i < lines.size(); i++) {
        String before = lines.get(i - 1);
        String line = lines.get(i);
        String word = line.strip().split(" ", 2)[0];
        boolean continues =
            line.matches(" {26}\\S.*") && before.length() > 27 && before.charAt(25) == ' ';
        if (continues) {
          assertThat(before.length() + 1 + word.length())
              .as(name + ": " + before + " / " + line)
              .isGreaterThan(width);
        }
      }
    }
  }

  @Test
  void optionsAreInGroupsAndSayTheirDefaults() {
    String help = CommandRun.of("decode", "--help").exits(0).out();

    assertThat(help)
        .containsSubsequence("Input:", "Output:", "Sampling:", "Model:", "Device:", "More:")
        .contains("--tiling=auto|whole|exact|overlapped", "Default: auto.", "--dialect", "--device")
        .doesNotContain("--clamp", "--provider");
    for (CommandLine command : withParts(Main.commandLine())) {
      for (OptionSpec option : command.getCommandSpec().options()) {
        assertThat(option.description()).as(option.longestName()).isNotEmpty();
      }
    }
  }

  private static List<CommandLine> withParts(CommandLine command) {
    List<CommandLine> all = new ArrayList<>(List.of(command));
    command.getSubcommands().values().forEach(part -> all.addAll(withParts(part)));
    return all;
  }

  @Test
  void versionNamesProgramAndJava() {
    CommandRun run = CommandRun.of("--version").exits(0);

    assertThat(run.out())
        .containsPattern("consistency-decoder \\d+\\.\\d+")
        .contains("Java " + Runtime.version());
  }

  @Test
  void commandIsNeeded() {
    CommandRun run = CommandRun.of().exits(2);

    assertThat(run.err())
        .startsWith("error: a command is needed")
        .contains("'consistency-decoder --help'");
  }

  @Test
  void modelsNeedsAPart() {
    CommandRun run = CommandRun.of("models").exits(2);

    assertThat(run.err()).contains("one of list, pull, verify");
  }

  @Test
  void unknownCommandIsAnsweredWithALikelyOne() {
    CommandRun run = CommandRun.of("decod").exits(2);

    assertThat(run.err())
        .contains("error: unmatched argument")
        .contains("did you mean")
        .contains("decode");
  }
}
