package io.github.consistencydecoder.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/**
 * One run of the command inside the test's process.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record CommandRun(int code, String out, String err) {
  static CommandRun of(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> texts = new ArrayList<>();
    for (Object argument : arguments) {
      texts.add(argument.toString());
    }
    int code = commandLine.execute(texts.toArray(new String[0]));
    return new CommandRun(code, out.toString(), err.toString());
  }

  /** {@code decode} with the fake decoder. */
  static CommandRun decode(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("decode", "--decoder", "fake"));
    all.addAll(List.of(arguments));
    return of(all.toArray());
  }
}
