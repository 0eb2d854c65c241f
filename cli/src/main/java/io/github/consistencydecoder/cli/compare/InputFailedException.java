package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.shell.Failure;
import java.io.IOException;

/** An input that cannot be read, with what the person is told and the shell gets. */
final class InputFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  InputFailedException(Failure failure) {
    super(failure.message(), failure.cause());
    this.exitCode = failure.exitCode();
  }

  /** For the person; its cause is the original one. */
  Failure failure() {
    return new Failure(exitCode, getMessage(), getCause());
  }
}
