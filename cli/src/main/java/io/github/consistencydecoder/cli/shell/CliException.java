package io.github.consistencydecoder.cli.shell;

/** Ends a piece of work with one line for the person and a code for the shell. */
public final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /**
   * @param exitCode of {@link ExitCode}
   * @param message subject, what was found, what is needed; lower case, no full stop
   */
  public CliException(int exitCode, String message) {
    this(exitCode, message, null);
  }

  /**
   * @param cause may be null
   */
  public CliException(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** One of {@link ExitCode}. */
  public int exitCode() {
    return exitCode;
  }
}
