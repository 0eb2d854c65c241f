package io.github.consistencydecoder.compare.picture;

import java.io.IOException;

/**
 * A file that is no picture, a damaged one, or one of a kind that is not read. The message is one
 * sentence that begins with the file's name.
 */
public final class PictureFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  PictureFormatException(String file, String reason) {
    this(file, reason, null);
  }

  PictureFormatException(String file, String reason, Throwable cause) {
    super(file + ": " + reason, cause);
  }
}
