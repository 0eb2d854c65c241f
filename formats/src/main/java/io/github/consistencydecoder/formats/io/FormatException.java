package io.github.consistencydecoder.formats.io;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The content of a file is wrong, as opposed to unreadable (a plain {@link IOException}). The
 * message reads {@code FILE: tensor 'NAME' at byte OFFSET: REASON}, parts that do not apply left
 * out.
 */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final long byteOffset;

  /**
   * @param file whose name, without its folder, begins the message
   * @param tensor name of the tensor concerned, or empty
   * @param byteOffset place in the file, or -1 where none applies
   * @param reason what was found and what was needed; lower case, no full stop
   */
  public FormatException(Path file, String tensor, long byteOffset, String reason) {
    super(
        file.getFileName()
            + (tensor.isEmpty() ? "" : ": tensor '" + tensor + "'")
            + (byteOffset < 0 ? "" : (tensor.isEmpty() ? ":" : "") + " at byte " + byteOffset)
            + ": "
            + reason);
    this.reason = reason;
    this.byteOffset = byteOffset;
  }

  /**
   * @param file as it begins the message
   * @param reason what was found and what was needed; lower case, no full stop
   */
  public FormatException(String file, String reason) {
    this(file, reason, null);
  }

  /**
   * @param file as it begins the message
   * @param reason what was found and what was needed; lower case, no full stop
   * @param cause may be null
   */
  public FormatException(String file, String reason, Throwable cause) {
    super(file + ": " + reason, cause);
    this.reason = reason;
    this.byteOffset = -1;
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
