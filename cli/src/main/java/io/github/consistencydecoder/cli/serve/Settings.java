package io.github.consistencydecoder.cli.serve;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Options of a command that are given by the environment or a file of properties instead of the
 * command line. The command line wins over the environment, the environment over the file. The
 * names follow from the option's longest name, {@code --max-time}: {@code
 * CONSISTENCY_DECODER_MAX_TIME} in the environment, {@code max-time} in the file. A flag is {@code
 * true} or {@code false}; values of a repeatable option stand between commas.
 */
final class Settings {
  private static final String PREFIX = "CONSISTENCY_DECODER_";

  /** What the option's own file cannot say. */
  private static final String CONFIG = "--config";

  /** Variables that mean something to launchers, clients and scripts. */
  private static final Set<String> OTHERS =
      Set.of(
          "COMFYUI",
          "COMMAND",
          "HOME",
          "JAVA_OPTS",
          "MAVEN_OPTS",
          "MIRROR",
          "PLUGINS",
          "TOKEN",
          "URL");

  /**
   * What Kubernetes puts into every container of a namespace that has a service called
   * consistency-decoder, or a name that begins so.
   */
  private static final Pattern SERVICE_LINK =
      Pattern.compile("(.*_)?(SERVICE_HOST|SERVICE_PORT.*|PORT|PORT_\\d+_(TCP|UDP|SCTP).*)");

  /** A value and where it stands, as the person knows the place. */
  private record Setting(OptionSpec option, String place, String value) {}

  private final CommandSpec spec;
  private final Map<String, String> environment;
  private final List<Setting> settings = new ArrayList<>();

  Settings(CommandSpec spec, Map<String, String> environment) {
    this.spec = spec;
    this.environment = environment;
  }

  /** The options that can be given so, in the order of their names. */
  static List<OptionSpec> options(CommandSpec spec) {
    Map<String, OptionSpec> options = new TreeMap<>();
    for (OptionSpec option : spec.options()) {
      if (!option.hidden() && !option.usageHelp()) {
        options.put(option.longestName(), option);
      }
    }
    return List.copyOf(options.values());
  }

  /** The key of an option in the file. */
  static String key(OptionSpec option) {
    return option.longestName().substring(2);
  }

  /** The variable of an option. */
  static String variable(OptionSpec option) {
    return PREFIX + key(option).toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /**
   * Parses the command line of a command that is running once more, with the options before it that
   * were not typed.
   *
   * @param console for variables that no option has
   */
  void apply(Console console) {
    CommandLine command = spec.commandLine();
    Map<String, OptionSpec> missing = new LinkedHashMap<>();
    Map<String, OptionSpec> keys = new LinkedHashMap<>();
    Map<String, OptionSpec> variables = new LinkedHashMap<>();
    for (OptionSpec option : options(spec)) {
      keys.put(key(option), option);
      variables.put(variable(option), option);
      if (!command.getParseResult().hasMatchedOption(option)) {
        missing.put(option.longestName(), option);
      }
    }
    new TreeMap<>(environment)
        .forEach(
            (variable, value) -> {
              OptionSpec option = variables.get(variable);
              if (option == null) {
                warnOfUnknown(console, variable);
              } else if (!isServiceLink(variable, value)
                  && missing.remove(option.longestName()) != null) {
                settings.add(new Setting(option, variable, value));
              }
            });
    file()
        .ifPresent(
            file ->
                read(file)
                    .forEach(
                        (key, value) -> {
                          OptionSpec option = keys.get(key);
                          String place = key + " in " + file;
                          if (option == null) {
                            throw usage(place + ": no option of serve is called --" + key);
                          }
                          if (option.longestName().equals(CONFIG)) {
                            throw usage(place + ": a file cannot name a further one");
                          }
                          if (missing.remove(option.longestName()) != null) {
                            settings.add(new Setting(option, place, value));
                          }
                        }));
    if (settings.isEmpty()) {
      return;
    }
    List<String> typed = command.getParseResult().originalArgs();
    command.parseArgs(
        Stream.concat(
                settings.stream().flatMap(setting -> words(setting).stream()),
                typed.subList(typed.indexOf(spec.name()) + 1, typed.size()).stream())
            .toArray(String[]::new));
  }

  private static void warnOfUnknown(Console console, String variable) {
    if (variable.startsWith(PREFIX)) {
      String name = variable.substring(PREFIX.length());
      if (!OTHERS.contains(name) && !SERVICE_LINK.matcher(name).matches()) {
        console.warning(
            "%s: no option of serve is called --%s; the variable is passed over"
                .formatted(variable, name.toLowerCase(Locale.ROOT).replace('_', '-')));
      }
    }
  }

  /** Whether Kubernetes made it; a service may be called consistency-decoder-http. */
  private static boolean isServiceLink(String variable, String value) {
    return variable.endsWith("_PORT") && value.matches("(tcp|udp|sctp)://.*");
  }

  private Optional<Path> file() {
    OptionSpec option = spec.findOption(CONFIG);
    Path typed = option.getValue();
    String variable = environment.get(variable(option));
    return typed != null || variable == null
        ? Optional.ofNullable(typed)
        : Optional.of(Path.of(variable));
  }

  private static Map<String, String> read(Path file) {
    Map<String, String> read = new LinkedHashMap<>();
    Properties properties =
        new Properties() {
          private static final long serialVersionUID = 1;

          @Override
          public synchronized Object put(Object key, Object value) {
            if (read.put((String) key, ((String) value).strip()) != null) {
              throw usage(key + " in " + file + ": the key is there twice");
            }
            return super.put(key, value);
          }
        };
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException e) {
      Failure failure = Failure.of(file.toString(), ExitCode.USAGE, e);
      throw new CliException(ExitCode.USAGE, CONFIG + " " + failure.message(), e);
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, CONFIG + " " + file + ": " + e.getMessage(), e);
    }
    return read;
  }

  /** As they would be typed. */
  private static List<String> words(Setting setting) {
    OptionSpec option = setting.option();
    if (option.arity().max() == 0) {
      return switch (setting.value()) {
        case "true" -> List.of(option.longestName());
        case "false" ->
            option.negatable()
                ? List.of(option.longestName().replaceFirst("^--", "--no-"))
                : List.of();
        default ->
            throw usage(setting.place() + ": true or false is needed, not " + setting.value());
      };
    }
    if (setting.value().isBlank()) {
      throw usage(setting.place() + ": there is no value");
    }
    String[] values =
        option.isMultiValue()
            ? setting.value().split("\\s*,\\s*", -1)
            : new String[] {setting.value()};
    return Stream.of(values).map(value -> option.longestName() + "=" + value).toList();
  }

  /** What is wrong with the options, and where the wrong one stands if it was not typed. */
  CliException explained(CliException e) {
    return settings.stream()
        .filter(setting -> names(e.getMessage(), setting.option()))
        .findFirst()
        .map(setting -> new CliException(e.exitCode(), said(e, setting), e))
        .orElse(e);
  }

  /** The same for what picocli says. */
  ParameterException explained(ParameterException e) {
    ArgSpec option = e.getArgSpec();
    return settings.stream()
        .filter(setting -> setting.option().equals(option))
        .findFirst()
        .map(setting -> new ParameterException(e.getCommandLine(), said(e, setting), e))
        .orElse(e);
  }

  private static String said(Exception e, Setting setting) {
    return "%s (%s is from %s)"
        .formatted(e.getMessage(), setting.option().longestName(), setting.place());
  }

  private static boolean names(String message, OptionSpec option) {
    return Pattern.compile(Pattern.quote(option.longestName()) + "(?![a-z-])")
        .matcher(message)
        .find();
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }
}
