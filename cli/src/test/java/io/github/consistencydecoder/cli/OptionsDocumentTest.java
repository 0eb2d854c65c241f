package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds what repeats the table of decode options to the table. */
final class OptionsDocumentTest {
  private static final String START = "| option | values | default | meaning |";

  /** Writes the table into the file. */
  public static void main(String[] files) throws IOException {
    Path file = Path.of(files[0]);
    String text = Files.readString(file);
    Files.writeString(file, text.substring(0, text.indexOf(START)) + table() + "\n");
  }

  private static String table() {
    StringBuilder table = new StringBuilder(START + "\n|---|---|---|---|\n");
    for (DecodeOption option : DecodeOption.values()) {
      String older =
          option.aliases().isEmpty() ? "" : " (also " + String.join(", ", option.aliases()) + ")";
      String values = option.readable() ? code(option.form()) : "tensors";
      String usual = option.usual().map(OptionsDocumentTest::code).orElse("");
      table.append(
          String.format(
              "| %s%s | %s | %s | %s |%n",
              code(option.id()), older, values, usual, option.sentence()));
    }
    return table.toString().replace(System.lineSeparator(), "\n").strip();
  }

  private static String code(String text) {
    return "`" + text.replace("|", "\\|") + "`";
  }

  @Test
  void theReferenceIsTheTable() throws IOException {
    String text = Files.readString(SharedData.inRepository("docs/options.md"));
    assertThat(text.substring(text.indexOf(START)).strip())
        .as(
            "docs/options.md repeats DecodeOption; put the lines below there, or run"
                + " %s.main with the file's path",
            OptionsDocumentTest.class.getName())
        .isEqualTo(table());
  }

  @ParameterizedTest
  @CsvSource({"DIALECT, _DIALECTS", "TILING, _TILINGS"})
  void pythonHasTheSameValues(DecodeOption option, String tuple) throws IOException {
    String python =
        Files.readString(
            SharedData.inRepository("clients/python/src/consistency_decoder/requests.py"));
    Matcher found = Pattern.compile(tuple + " = \\(([^)]*)\\)").matcher(python);
    assertThat(found.find()).as(tuple).isTrue();
    List<String> values =
        Stream.of(found.group(1).split(",", -1)).map(v -> v.strip().replace("\"", "")).toList();
    assertThat(values).isEqualTo(option.words());
    assertThat(python).contains("    " + option.id() + ": ");
  }
}
