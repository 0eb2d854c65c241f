package io.github.consistencydecoder.models.store.disk;

import io.github.consistencydecoder.formats.io.ByteSizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The room for a folder's files, in bytes. */
@FunctionalInterface
public interface DiskSpace {
  /** Left free for everybody else. */
  long RESERVE_BYTES = 16L << 20;

  /** As the file system says. */
  DiskSpace REAL = folder -> Files.getFileStore(folder).getUsableSpace();

  long usable(Path folder) throws IOException;

  /**
   * @throws IOException if there is no room for so many bytes
   */
  default void need(Path folder, long bytes, String file) throws IOException {
    long usable = usable(folder);
    if (bytes > usable - RESERVE_BYTES) {
      throw new IOException(
          ("%s needs %s more in %s, where %s are free; make room, or set %s to"
                  + " a folder on a larger disk")
              .formatted(
                  file, ByteSizes.text(bytes), folder, ByteSizes.text(usable), StoreFolders.HOME));
    }
  }
}
