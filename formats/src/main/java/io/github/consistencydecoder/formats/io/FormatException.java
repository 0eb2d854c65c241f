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

  private final String place;
  private final String reason;
  private final long byteOffset;
  private final boolean tooLarge;

  /**
   * @param file whose name, without its folder, begins the message
   * @param tensor name of the tensor concerned, or empty
   * @param byteOffset place in the file, or -1 where none applies
   * @param reason what was found and what was needed; lower case, no full stop
   */
  public FormatException(Path file, String tensor, long byteOffset, String reason) {
    this(
        String.valueOf(file.getFileName()),
        place(tensor, byteOffset),
        byteOffset,
        reason,
        null,
        false);
  }

  private FormatException(
      String file,
      String place,
      long byteOffset,
      String reason,
      Throwable cause,
      boolean tooLarge) {
    super(file + place + ": " + reason, cause);
    this.place = place;
    this.reason = reason;
    this.byteOffset = byteOffset;
    this.tooLarge = tooLarge;
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
    this(file, "", -1, reason, cause, false);
  }

  /**
   * Of a file that may be right but is larger than it may be.
   *
   * @param file as it begins the message
   * @param reason what was found and what was needed; lower case, no full stop
   */
  public static FormatException tooLarge(String file, String reason) {
    return new FormatException(file, "", -1, reason, null, true);
  }

  /** Whether the file is only larger than it may be. */
  public boolean tooLarge() {
    return tooLarge;
  }

  private static String place(String tensor, long byteOffset) {
    return (tensor.isEmpty() ? "" : ": tensor '" + tensor + "'")
        + (byteOffset < 0 ? "" : (tensor.isEmpty() ? ":" : "") + " at byte " + byteOffset);
  }

  /** The message without the file's name. */
  public String withoutFile() {
    return (place + ": " + reason).replaceFirst("^: ", "");
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
