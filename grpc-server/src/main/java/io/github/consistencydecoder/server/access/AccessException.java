package io.github.consistencydecoder.server.access;

/**
 * The service cannot be opened as it was asked for. The message is a sentence for the operator; it
 * may name files of this machine and must not be sent to a caller.
 */
public final class AccessException extends Exception {
  private static final long serialVersionUID = 1L;

  /** A refusal without a cause. */
  public AccessException(String message) {
    super(message);
  }

  /**
   * @param cause may be null
   */
  public AccessException(String message, Throwable cause) {
    super(message, cause);
  }
}
