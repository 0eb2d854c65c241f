package io.github.consistencydecoder.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Options of {@code serve} from the environment and a file, and the table that lists them. */
final class SettingsTest {
  private static final String START = "| variable | key in the file | value |";

  @TempDir private Path folder;

  /** Writes the table into docs/cli.md. */
  public static void main(String[] files) throws IOException {
    Path file = Path.of(files[0]);
    String text = Files.readString(file);
    String old = inDocument(text);
    Files.writeString(file, text.replace(old, table()));
  }

  private static String inDocument(String text) {
    String rest = text.substring(text.indexOf(START));
    return rest.lines().takeWhile(line -> line.startsWith("|")).collect(Collectors.joining("\n"));
  }

  private static String table() {
    StringBuilder table = new StringBuilder(START + "\n|---|---|---|\n");
    for (OptionSpec option : Settings.options(serve().getCommandSpec())) {
      boolean file = option.longestName().equals("--config");
      String value = option.arity().max() == 0 ? "true|false" : option.paramLabel();
      table.append(
          String.format(
              "| `%s` | %s | `%s`%s |%n",
              Settings.variable(option),
              file ? "" : "`" + Settings.key(option) + "`",
              value.replace("|", "\\|"),
              option.isMultiValue() ? ", .." : ""));
    }
    return table.toString().replace(System.lineSeparator(), "\n").strip();
  }

  @Test
  void theReferenceIsTheTable() throws IOException {
    assertThat(inDocument(Files.readString(SharedData.inRepository("docs/cli.md"))))
        .as("run %s.main with the path of docs/cli.md", SettingsTest.class.getName())
        .isEqualTo(table());
  }

  @Test
  void everyOptionCanBeGivenByEnvironmentAndFile() {
    CommandSpec spec = serve().getCommandSpec();
    assertThat(Settings.options(spec))
        .hasSize((int) spec.options().stream().filter(o -> !o.hidden() && !o.usageHelp()).count());
    assertThat(Settings.options(spec)).extracting(Settings::variable).doesNotHaveDuplicates();
    assertThat(Settings.variable(spec.findOption("--open-metrics")))
        .isEqualTo("CONSISTENCY_DECODER_METRICS_WITHOUT_TOKEN");
  }

  @Test
  void commandLineWinsOverEnvironmentAndEnvironmentOverFile() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("serve.properties"),
            """
            # What this machine serves.
            model = a, b=c:/d
            grpc-port = 1
            http-port = 2
            host = ::1
            introspection = false
            json = false
            """);
    CommandLine command = serve("--config", file, "--http-port=5");

    applied(
        command,
        Map.of(
            "CONSISTENCY_DECODER_GRPC_PORT", "3",
            "CONSISTENCY_DECODER_HTTP_PORT", "4",
            "CONSISTENCY_DECODER_QUIET", "true"));

    assertThat(value(command, "--grpc-port")).isEqualTo("3");
    assertThat(value(command, "--http-port")).isEqualTo("5");
    assertThat(value(command, "--host")).isEqualTo("::1");
    assertThat(value(command, "--model")).isEqualTo(List.of("a", "b=c:/d"));
    assertThat(value(command, "--introspection")).isEqualTo(false);
    assertThat(value(command, "--quiet")).isEqualTo(true);
    assertThat(value(command, "--json")).isEqualTo(false);
    assertThat(value(command, "--grace")).isEqualTo(30.0);
  }

  @Test
  void repeatedOptionOfTheCommandLineReplacesThoseOfTheEnvironment() {
    CommandLine command = serve("-m", "x", "--model=y");

    applied(command, Map.of("CONSISTENCY_DECODER_MODEL", "a,b"));

    assertThat(value(command, "--model")).isEqualTo(List.of("x", "y"));
  }

  @Test
  void theFileMayBeNamedByTheEnvironment() throws IOException {
    Path file = Files.writeString(folder.resolve("f"), "workers=7\n");
    CommandLine command = serve();

    applied(command, Map.of("CONSISTENCY_DECODER_CONFIG", file.toString()));

    assertThat(value(command, "--workers")).isEqualTo(7);
  }

  @Test
  void variableThatNoOptionHasIsWarnedOf() {
    String said =
        applied(
            serve(),
            Map.of(
                "CONSISTENCY_DECODER_MODLE", "x",
                "CONSISTENCY_DECODER_HOME", "/x",
                "CONSISTENCY_DECODER_URL", "http://x",
                "HOME", "/x"));

    assertThat(said.lines())
        .containsExactly(
            "warning: CONSISTENCY_DECODER_MODLE: no option of serve is called --modle; the variable"
                + " is passed over");
  }

  @Test
  void variablesThatKubernetesMakesForServicesArePassedOver() {
    CommandLine command = serve();

    String said =
        applied(
            command,
            Map.of(
                "CONSISTENCY_DECODER_SERVICE_HOST", "10.0.0.7",
                "CONSISTENCY_DECODER_SERVICE_PORT_GRPC", "8001",
                "CONSISTENCY_DECODER_PORT", "tcp://10.0.0.7:8000",
                "CONSISTENCY_DECODER_PORT_8001_TCP_ADDR", "10.0.0.7",
                "CONSISTENCY_DECODER_HTTP_PORT", "tcp://10.0.0.8:8000"));

    assertThat(said).isEmpty();
    assertThat(value(command, "--http-port")).isEqualTo("8000");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CONSISTENCY_DECODER_QUIET|1|CONSISTENCY_DECODER_QUIET: true or false is needed, not 1",
        "CONSISTENCY_DECODER_HOST|''|CONSISTENCY_DECODER_HOST: there is no value",
      })
  void wrongValueIsRefusedWithTheNameOfTheVariable(String variable, String value, String message) {
    assertThatThrownBy(() -> applied(serve(), Map.of(variable, value))).hasMessage(message);
  }

  @Test
  void valueThatIsNoNumberIsRefusedWithTheNameOfTheVariable() {
    CommandLine command = serve();
    Settings settings =
        new Settings(command.getCommandSpec(), Map.of("CONSISTENCY_DECODER_WORKERS", "many"));

    assertThatThrownBy(() -> settings.apply(console(new StringWriter())))
        .isInstanceOfSatisfying(
            ParameterException.class,
            e ->
                assertThat(settings.explained(e))
                    .hasMessageContaining("'many'")
                    .hasMessageEndingWith("(--workers is from CONSISTENCY_DECODER_WORKERS)"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "workers = many|'many' is not an int (--workers is from workers in FILE)",
        "workers = 0|--workers 0: at least 1 is needed (--workers is from workers in FILE)",
        "memory = much|'much' is not a size of memory|",
        "memory = much|(--memory is from memory in FILE)",
        "max-time = -1|(--max-time is from max-time in FILE)",
        "tls-cert = a|--tls-cert and --tls-key belong together (--tls-cert is from tls-cert in FILE)",
        "http_port = 1|http_port in FILE: no option of serve is called --http_port",
        "config = x|config in FILE: a file cannot name a further one",
        "token = secret|token in FILE: no option of serve is called --token",
        "log = \\u00zz|--config FILE: Malformed",
        "quiet = yes|quiet in FILE: true or false is needed, not yes",
        "log = json;log = text|log in FILE: the key is there twice",
      })
  void whatIsWrongInTheFileIsSaidWithItsKey(String lines, String message) throws IOException {
    Path file = Files.writeString(folder.resolve("serve.properties"), lines.replace(';', '\n'));

    CommandRun.of("serve", "--config", file)
        .assertRefused(ExitCode.USAGE, message.replace("FILE", file.toString()));
  }

  @Test
  void fileThatIsNotThereIsSaid() {
    Path file = folder.resolve("none");

    CommandRun.of("serve", "--config=" + file)
        .assertRefused(ExitCode.USAGE, "--config " + file + ": no such file or folder");
  }

  private static CommandLine serve(Object... typed) {
    CommandLine command = new CommandLine(new ServeCommand());
    command.parseArgs(List.of(typed).stream().map(Object::toString).toArray(String[]::new));
    return command;
  }

  private static String applied(CommandLine command, Map<String, String> environment) {
    StringWriter said = new StringWriter();
    new Settings(command.getCommandSpec(), environment).apply(console(said));
    return said.toString();
  }

  private static Console console(StringWriter said) {
    return new Console(new PrintWriter(said), new PrintWriter(said), false, false, false);
  }

  private static Object value(CommandLine command, String option) {
    return command.getCommandSpec().findOption(option).getValue();
  }
}
