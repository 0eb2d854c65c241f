package io.github.consistencydecoder.cli.shell;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Prints the command's words: results to standard output, everything else to standard error. In
 * JSON mode standard output carries one document and nothing else.
 *
 * <p>Borrows its writers. Safe for use by several threads.
 */
public final class Console {
  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean json;
  private final boolean quiet;
  private final boolean debug;
  private volatile Progress shown = Progress.silent();

  /**
   * @param json results as one document instead of lines
   * @param quiet no notes, no progress
   * @param debug stack traces after errors
   */
  public Console(PrintWriter out, PrintWriter err, boolean json, boolean quiet, boolean debug) {
    this.out = out;
    this.err = err;
    this.json = json;
    this.quiet = quiet;
    this.debug = debug;
  }

  /** Whether standard output is to be one JSON document. */
  public boolean isJson() {
    return json;
  }

  /** A line of the result; nothing in JSON mode. */
  public void result(String line) {
    if (!json) {
      print(out, Printable.line(line));
    }
  }

  /** A remark that a script does not need. */
  public void note(String sentence) {
    if (!quiet && !json) {
      print(err, "note: " + Printable.line(sentence));
    }
  }

  /** Something that may be wrong. */
  public void warning(String sentence) {
    print(err, "warning: " + Printable.line(sentence));
  }

  /** Something that failed, one line; with {@code --debug} also where. */
  public void error(Failure failure) {
    print(err, "error: " + Printable.line(failure.message()));
    if (debug && failure.cause() != null) {
      StringWriter trace = new StringWriter();
      failure.cause().printStackTrace(new PrintWriter(trace, true));
      print(err, Printable.lines(trace.toString()));
    }
  }

  /** The document; nothing unless in JSON mode. */
  public void document(Map<String, ?> document) {
    if (json) {
      // Between the quotes of JSON the escapes mean what they stand for; outside of them is nothing
      // to escape.
      out.println(Printable.lines(Json.text(document)));
      out.flush();
    }
  }

  /** A bar of so many units, or one that shows nothing where there is nobody to watch it. */
  public Progress progress(String task, long total, String unit, long unitSize) {
    shown =
        quiet || json || !Terminal.isWatched()
            ? Progress.silent()
            : new ProgressOnTerminal(task, total, unit, unitSize);
    return shown;
  }

  private void print(PrintWriter writer, String line) {
    shown.aside(
        () -> {
          writer.println(line);
          writer.flush();
        });
  }

  /** The one place that writes JSON; loaded only when somebody asks for it. */
  private static final class Json {
    private Json() {}

    static String text(Map<String, ?> document) {
      return JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build()
          .writeValueAsString(document);
    }
  }

  /**
   * Whether a person watches standard error, and how wide their window is. Java cannot ask that for
   * standard error without native code; the launcher can and tells us.
   */
  static final class Terminal {
    /** Columns of the terminal that standard error is; 0 or not set if it is none. */
    static final String COLUMNS = "consistencydecoder.terminal.columns";

    private static final int LEAST_COLUMNS = 20;

    private Terminal() {}

    static boolean isWatched() {
      return Integer.getInteger(COLUMNS, 0) > 0;
    }

    static int columns() {
      return Math.max(LEAST_COLUMNS, Integer.getInteger(COLUMNS, LEAST_COLUMNS));
    }
  }
}
