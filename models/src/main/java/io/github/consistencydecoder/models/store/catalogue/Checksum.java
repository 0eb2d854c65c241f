package io.github.consistencydecoder.models.store.catalogue;

import static java.util.Objects.requireNonNull;

import java.util.regex.Pattern;

/**
 * A SHA-256 and where it comes from.
 *
 * @param sha256 64 lower-case hexadecimal digits
 * @param trust whose word it is
 */
public record Checksum(String sha256, Trust trust) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Checks the digits. */
  public Checksum {
    requireNonNull(trust, "trust");
    if (!isSha256(sha256)) {
      throw new IllegalArgumentException(
          "'" + sha256 + "' is not a SHA-256: 64 lower-case hexadecimal digits are needed");
    }
  }

  public static boolean isSha256(String text) {
    return SHA256.matcher(text).matches();
  }
}
