package io.github.consistencydecoder.formats.checkpoint;

/** A tensor was asked for that the checkpoint does not have; the message lists similar names. */
public final class MissingTensorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the whole sentence. */
  public MissingTensorException(String message) {
    super(message);
  }
}
