package io.github.consistencydecoder.models.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The file is wrong, as opposed to unreadable (a plain {@link IOException}). The message reads
 * {@code FILE: tensor 'NAME' at byte OFFSET: REASON}, parts that do not apply left out.
 */
public final class CheckpointFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final long byteOffset;

  /**
   * @param tensor name of the tensor concerned, or empty
   * @param byteOffset place in the file, or -1 where none applies
   * @param reason what was found and what was needed; lower case, no full stop
   */
  public CheckpointFormatException(Path file, String tensor, long byteOffset, String reason) {
    super(
        file.getFileName()
            + (tensor.isEmpty() ? "" : ": tensor '" + tensor + "'")
            + (byteOffset < 0 ? "" : (tensor.isEmpty() ? ":" : "") + " at byte " + byteOffset)
            + ": "
            + reason);
    this.reason = reason;
    this.byteOffset = byteOffset;
  }

  /** What was found and what was needed. */
  public String reason() {
    return reason;
  }

  /** Place in the file, or -1. */
  public long byteOffset() {
    return byteOffset;
  }
}
