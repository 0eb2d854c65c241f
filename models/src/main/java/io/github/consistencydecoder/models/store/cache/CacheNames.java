package io.github.consistencydecoder.models.store.cache;

import java.nio.file.Path;
import java.util.regex.Pattern;

/** Names below a cache's folder. */
final class CacheNames {
  static final String GRAPHS = "graphs";
  static final String USES = "uses";
  static final String BUNDLED = "bundled";
  static final String NATIVE = "native";

  /** An entry, and the name of its record without the ending. */
  static final Pattern ENTRY = Pattern.compile("[0-9a-f]{24}");

  private CacheNames() {}

  /** Folder of the entries. */
  static Path graphs(Path cache) {
    return cache.resolve(GRAPHS);
  }

  /** Name of a file or folder without those above it. */
  static String of(Path path) {
    return path.getFileName().toString();
  }
}
