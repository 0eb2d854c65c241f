package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

/**
 * The only exception that crosses this contract on purpose. Its message names the thing, what was
 * found and what was needed.
 *
 * <p>{@link IllegalArgumentException}, {@link IllegalStateException} and {@link
 * NullPointerException} mean a bug in the calling code and are never used for bad data.
 */
public final class DecoderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final DecoderErrorCode code;

  /** An error without a cause. */
  public DecoderException(DecoderErrorCode code, String message) {
    this(code, message, null);
  }

  /**
   * @param cause may be null
   */
  public DecoderException(DecoderErrorCode code, String message, Throwable cause) {
    super(requireNonNull(message, "message"), cause);
    this.code = requireNonNull(code, "code");
  }

  /** What went wrong. */
  public DecoderErrorCode code() {
    return code;
  }
}
