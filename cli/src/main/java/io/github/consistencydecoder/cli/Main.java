package io.github.consistencydecoder.cli;

import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.HelpGroups;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.PathArgument;
import io.github.consistencydecoder.cli.shell.Version;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The beginning and the end of the process. */
public final class Main {
  private static final int HELP_WIDTH = 100;

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    if (Arrays.asList(arguments).contains("--debug")) {
      System.setProperty(LogbackSetup.LEVEL, "DEBUG");
    }
    Interruption.process().listen();
    WatchedOutput out = new WatchedOutput(new FileOutputStream(FileDescriptor.out));
    System.setOut(new PrintStream(new BufferedOutputStream(out)));
    CommandLine commandLine = commandLine(arguments);
    int code = commandLine.execute(arguments);
    commandLine.getOut().flush();
    System.out.flush();
    // Nothing is running any more when this begins: see Interruption.
    System.exit(out.lost() && code == ExitCode.OK ? ExitCode.FAILED : code);
  }

  /**
   * Standard output that remembers what went wrong: those who print to it are not told. A reader
   * that has gone, as {@code head} does, has read what it wanted.
   */
  private static final class WatchedOutput extends FilterOutputStream {
    private IOException failure;

    WatchedOutput(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        out.write(bytes, from, length);
      } catch (IOException e) {
        failure = failure == null ? e : failure;
        throw e;
      }
    }

    /** Whether something did not arrive that somebody waits for; says so. */
    boolean lost() {
      if (failure == null || String.valueOf(failure.getMessage()).contains("Broken pipe")) {
        return false;
      }
      System.err.println("error: standard output: cannot be written: " + failure.getMessage());
      return true;
    }
  }

  /** The command with its error handling, writing to standard output and error. */
  static CommandLine commandLine(String... arguments) {
    return HelpGroups.of(RootCommand.of(arguments))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(HELP_WIDTH)
        // A file may be called @x.
        .setExpandAtFiles(false)
        .registerConverter(Path.class, new PathArgument())
        .setParameterExceptionHandler((e, given) -> badUsage(e, given))
        .setExecutionExceptionHandler(
            (e, commandLine, parsed) -> failed(Failure.of(e), commandLine, parsed.originalArgs()));
  }

  private static int badUsage(ParameterException e, String[] arguments) {
    CommandLine commandLine = e.getCommandLine();
    int code =
        failed(
            new Failure(ExitCode.USAGE, firstLower(e.getMessage()), e),
            commandLine,
            List.of(arguments));
    PrintWriter err = commandLine.getErr();
    List<String> suggestions =
        e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
    if (!suggestions.isEmpty()) {
      err.println("did you mean: " + String.join(", ", suggestions) + "?");
    }
    err.println("'" + commandLine.getCommandSpec().qualifiedName() + " --help' shows all options");
    err.flush();
    return code;
  }

  private static int failed(Failure failure, CommandLine commandLine, List<String> arguments) {
    Console console =
        new Console(
            commandLine.getOut(),
            commandLine.getErr(),
            arguments.contains("--json"),
            false,
            arguments.contains("--debug"));
    console.error(failure);
    console.document(
        new TreeMap<>(
            Map.of(
                "software", Version.software(),
                "exit_code", failure.exitCode(),
                "error", failure.message())));
    return failure.exitCode();
  }

  private static String firstLower(String message) {
    String line = message.strip().replaceAll("\\s*[\\r\\n]+\\s*", " ");
    return line.substring(0, 1).toLowerCase(java.util.Locale.ROOT) + line.substring(1);
  }
}
