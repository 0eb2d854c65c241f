package io.github.consistencydecoder.server.core;

/** A model did not decode as it should; the message is a sentence that may leave this machine. */
final class SelfCheckException extends Exception {
  private static final long serialVersionUID = 1L;

  SelfCheckException(String message) {
    super(message);
  }
}
