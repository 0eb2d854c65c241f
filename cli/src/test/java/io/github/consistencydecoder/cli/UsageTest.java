package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
