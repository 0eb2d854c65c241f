package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.plugin.DecodeOptions;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

/** The decode options of the table, each as {@code --name}; older names are hidden. */
@Command // what makes it a mixin
public final class SamplingOptions {
  private final Map<DecodeOption, String> texts = new EnumMap<>(DecodeOption.class);

  /** Called by picocli with the command that these options belong to. */
  @Spec(Spec.Target.MIXEE)
  void addTo(CommandSpec command) {
    for (DecodeOption option : DecodeOption.values()) {
      if (option.readable()) {
        command.addOption(argument(option, option.id(), false));
        option.aliases().forEach(alias -> command.addOption(argument(option, alias, true)));
      }
    }
  }

  private OptionSpec argument(DecodeOption option, String name, boolean hidden) {
    ISetter setter =
        new ISetter() {
          @Override
          public <T> T set(T value) {
            if (value == null) {
              texts.remove(option);
            } else {
              texts.put(option, value.toString());
            }
            return null;
          }
        };
    return OptionSpec.builder("--" + name)
        .type(String.class)
        .paramLabel(option.form())
        .hidden(hidden)
        .description(
            option.sentence() + option.usual().map(usual -> " Default: " + usual + ".").orElse(""))
        .setter(setter)
        .build();
  }

  /** What was asked for of a property of the options, in words such as {@code --seed}. */
  public Optional<String> asked(String property) {
    return texts.keySet().stream()
        .filter(option -> option.property().equals(property))
        .map(SamplingOptions::named)
        .findFirst();
  }

  /**
   * All that was asked for; the rest as usual.
   *
   * @throws CliException if a value is none, or two options exclude each other
   */
  public DecodeOptions.Builder read() {
    DecodeOptions.Builder options = DecodeOptions.builder();
    try {
      DecodeOption.readAll(texts, SamplingOptions::named, options);
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, e.getMessage(), e);
    }
    return options;
  }

  private static String named(DecodeOption option) {
    return "--" + option.id();
  }
}
