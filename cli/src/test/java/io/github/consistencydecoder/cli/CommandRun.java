package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * One run of the command inside the test's process.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
public record CommandRun(int code, String out, String err) {
  public static CommandRun of(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> texts = new ArrayList<>();
    for (Object argument : arguments) {
      texts.add(argument.toString());
    }
    String[] line = texts.toArray(new String[0]);
    CommandLine commandLine =
        Main.commandLine(line).setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int code = commandLine.execute(line);
    return new CommandRun(code, out.toString(), err.toString());
  }

  /** A line of arguments, in which each of these names stands for a path. */
  public static CommandRun line(String line, Map<String, Path> names) {
    return of(
        Stream.of(line.split(" ", -1))
            .map(
                word -> {
                  String text = word;
                  for (Map.Entry<String, Path> name : names.entrySet()) {
                    text = text.replace(name.getKey(), name.getValue().toString());
                  }
                  return text;
                })
            .toArray());
  }

  /** The lines of errors; there is no stack trace. */
  public List<String> errors() {
    assertThat(err).doesNotContain("\tat ");
    return err.lines().filter(line -> line.startsWith("error: ")).toList();
  }

  /** That it ended with this code. */
  public CommandRun exits(int expected) {
    assertThat(code).as(err).isEqualTo(expected);
    return this;
  }

  /** That it ended with this code and one line, and printed nothing. */
  public void assertRefused(int expected, String message) {
    exits(expected);
    assertThat(errors()).singleElement().asString().contains(message);
    assertThat(out).isEmpty();
  }

  /** {@code decode} with the fake decoder. */
  public static CommandRun decode(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("decode", "--decoder", "fake"));
    all.addAll(List.of(arguments));
    return of(all.toArray());
  }
}
