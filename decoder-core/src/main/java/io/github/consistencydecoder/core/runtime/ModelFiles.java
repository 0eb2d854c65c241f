package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/** What becomes of an open model whose files are no longer what they were. */
public final class ModelFiles {
  private ModelFiles() {}

  /** They are read again while the model is open: for a size, a stage, a timestep. */
  public static DecoderException unreadable(IOException e) {
    if (e instanceof ClosedByInterruptException) {
      return new DecoderException(
          DecoderErrorCode.CANCELLED, "the decode was cancelled: its thread was interrupted", e);
    }
    return new DecoderException(
        DecoderErrorCode.MODEL_MISSING,
        "the model's files can no longer be read: " + e.getMessage(),
        e);
  }
}
