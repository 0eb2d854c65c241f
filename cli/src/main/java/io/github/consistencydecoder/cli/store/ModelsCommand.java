package io.github.consistencydecoder.cli.store;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code models}: names its parts. */
@Command(
    name = "models",
    description = "Fetch, check and look at models.",
    subcommands = {
      ListCommand.class,
      PullCommand.class,
      VerifyCommand.class,
      ImportCommand.class,
      PathCommand.class,
      InspectCommand.class,
      RemoveCommand.class
    })
public final class ModelsCommand implements Runnable {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this text.")
  @SuppressWarnings("UnusedVariable") // picocli acts on the option itself
  private boolean help;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "one of list, pull, verify, import, path, inspect and remove is needed");
  }
}
