package io.github.consistencydecoder.cli.shell;

/** Exit codes of the command. */
public final class ExitCode {
  /** All was done. */
  public static final int OK = 0;

  /** The work failed: output not writable, out of memory, device not there, runtime failed. */
  public static final int FAILED = 1;

  /** The command line is wrong. */
  public static final int USAGE = 2;

  /** The model is missing, damaged or not one that can be run. */
  public static final int MODEL = 3;

  /** An input is missing, damaged or not what a decoder takes. */
  public static final int INPUT = 4;

  private static final int SIGNAL_BASE = 128;

  /** For what a signal ended; 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM. */
  public static int signal(int number) {
    return SIGNAL_BASE + number;
  }

  private ExitCode() {}
}
