package io.github.consistencydecoder.models.store.catalogue;

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
