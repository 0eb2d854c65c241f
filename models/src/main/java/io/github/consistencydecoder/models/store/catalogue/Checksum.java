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

  /** Where a file's SHA-256 comes from, strongest first. */
  public enum Trust {
    /** Whoever made the file publishes it. */
    PUBLISHER("publisher", "checked against the publisher's checksum"),
    /** Several third parties publish the same one. */
    THIRD_PARTY("third-party", "checked against the checksum that several third parties report"),
    /** Nobody pins one; a server on the way announced it, which whoever sends the file can do. */
    ANNOUNCED(
        "announced",
        "not checked: no checksum is pinned; it is the one that a server announced, and later checks"
            + " compare with it"),
    /** Ours comes with the program. */
    BUNDLED("bundled", "checked against the copy inside the program"),
    /** Nobody pins one: what came the first time is what later checks compare with. */
    FIRST_USE(
        "first-use",
        "not checked: no checksum is pinned; the one of this file has been recorded, and later checks"
            + " compare with it");

    private final String text;
    private final String sentence;

    Trust(String text, String sentence) {
      this.text = text;
      this.sentence = sentence;
    }

    /** What has been checked, or not, in words. */
    public String sentence() {
      return sentence;
    }

    /** As the catalogue and the store's records write it. */
    @Override
    public String toString() {
      return text;
    }
  }
}
