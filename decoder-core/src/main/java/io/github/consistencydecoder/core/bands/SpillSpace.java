package io.github.consistencydecoder.core.bands;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Keeps the free parts of a file: the first gap that fits is taken. Not for use by several threads.
 */
final class SpillSpace {
  /** Bytes by offset. */
  private final TreeMap<Long, Long> gaps = new TreeMap<>();

  private long end;

  /** Takes a part; returns its offset. */
  long allocate(long bytes) {
    Optional<Long> gap =
        gaps.entrySet().stream()
            .filter(g -> g.getValue() >= bytes)
            .map(Map.Entry::getKey)
            .findFirst();
    if (gap.isPresent()) {
      long left = gaps.remove(gap.get()) - bytes;
      if (left > 0) {
        gaps.put(gap.get() + bytes, left);
      }
      return gap.get();
    }
    long offset = end;
    end += bytes;
    return offset;
  }

  /** Gives a part back. */
  void free(long offset, long bytes) {
    long from = offset;
    long length = bytes;
    Map.Entry<Long, Long> before = gaps.lowerEntry(offset);
    if (before != null && before.getKey() + before.getValue() == offset) {
      from = before.getKey();
      length += before.getValue();
      gaps.remove(from);
    }
    Long after = gaps.remove(offset + bytes);
    gaps.put(from, length + (after == null ? 0 : after));
  }

  /** Bytes of the file: the end of the last part that was ever taken. */
  long end() {
    return end;
  }
}
