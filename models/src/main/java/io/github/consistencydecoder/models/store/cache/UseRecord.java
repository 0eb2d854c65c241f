package io.github.consistencydecoder.models.store.cache;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * What is known of an entry's use.
 *
 * @param digest of the weights
 * @param sources where those weights were when the entry was used, the last use first
 * @param lastUse when
 */
record UseRecord(String digest, List<Source> sources, Instant lastUse) {
  UseRecord {
    sources = List.copyOf(sources);
  }

  /**
   * A model as it was opened.
   *
   * @param model file or folder, absolute
   * @param files that hold its tensors, real paths
   */
  record Source(Path model, List<Path> files) {
    Source {
      files = List.copyOf(files);
    }
  }
}
