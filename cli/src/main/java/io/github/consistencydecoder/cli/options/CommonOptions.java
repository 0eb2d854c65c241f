package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.cli.shell.Console;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Options that every command has. */
public final class CommonOptions {
  @Option(names = "--json", description = "Print one JSON document on standard output.")
  private boolean json;

  @Option(
      names = {"-q", "--quiet"},
      description = "No notes and no progress bar; warnings and errors remain.")
  private boolean quiet;

  @Option(names = "--debug", description = "Show where an error came from.")
  private boolean debug;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this text.")
  @SuppressWarnings("UnusedVariable") // picocli acts on the option itself
  private boolean help;

  /** The console of a command that has these options. */
  public Console console(CommandLine commandLine) {
    return new Console(commandLine.getOut(), commandLine.getErr(), json, quiet, debug);
  }
}
