package io.github.consistencydecoder.models.store.cache;

import java.util.List;
import java.util.Optional;

/**
 * The kind of a cache entry, as its key tells.
 *
 * @param kind what is kept
 * @param text version, precision and runtime, for a person
 * @param fit whether it can be used here
 * @param reason why not; empty if it can
 */
public record EntryForm(CacheItem.Kind kind, String text, Fit fit, String reason) {
  /** Whether an entry can be used here. */
  public enum Fit {
    /** If its model is opened again with the same settings. */
    USABLE,
    /** By this release, but not by this machine. */
    ELSEWHERE,
    /** Not by this release. */
    STALE
  }

  /** Tells what an entry is. */
  public interface Reader {
    /**
     * @param key the lines of its key
     */
    EntryForm read(List<String> key);

    /** Version of ONNX Runtime; empty if that cannot be told. */
    default Optional<String> runtime() {
      return Optional.empty();
    }
  }
}
