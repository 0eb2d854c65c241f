package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.core.cache.FileTree;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What the cache does with folders. */
final class Folders {
  private Folders() {}

  /**
   * The deepest folder that holds all files, which are real paths; empty if they lie on several
   * drives.
   */
  static Optional<Path> commonAncestor(List<Path> files) {
    Path ancestor = files.get(0).getParent();
    for (Path f : files) {
      while (ancestor != null && !f.startsWith(ancestor)) {
        ancestor = ancestor.getParent();
      }
    }
    return Optional.ofNullable(ancestor);
  }

  /** Deletes a folder, or what of it can be deleted: the rest goes when the process ends. */
  static void deleteOrLeave(Path folder) throws IOException {
    try {
      FileTree.delete(folder);
    } catch (FileSystemException e) {
      try (Stream<Path> walk = Files.walk(folder)) {
        // Registered from the outside in, since they go in the opposite order.
        walk.forEach(p -> p.toFile().deleteOnExit());
      }
    }
  }
}
