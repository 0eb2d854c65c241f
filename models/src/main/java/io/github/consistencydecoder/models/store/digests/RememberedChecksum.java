package io.github.consistencydecoder.models.store.digests;

import java.nio.file.Path;

/**
 * The checksum of a file that was read once.
 *
 * @param memory file that remembers it
 * @param file whose checksum it is, a real path
 * @param sha256 64 hexadecimal digits
 * @param state of the file now
 */
public record RememberedChecksum(Path memory, Path file, String sha256, State state) {
  /** What became of a file. */
  public enum State {
    /** It is as it was. */
    SAME,
    /** It has changed, and the checksum counts no more. */
    CHANGED,
    /** It is gone. */
    GONE
  }
}
