package io.github.consistencydecoder.models;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that appear whole or not at all: written beside the target under a name of their own,
 * forced to the disk, then renamed. A link in the target's place is replaced, not followed.
 */
final class AtomicFiles {
  private static final Logger LOG = LoggerFactory.getLogger(AtomicFiles.class);

  private AtomicFiles() {}

  /** A name beside {@code target} that no other process uses. */
  static Path temporary(Path target) {
    return target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
  }

  /** Writes a small file. Its folder is made where needed. */
  static void write(Path target, byte[] bytes) throws IOException {
    Files.createDirectories(target.getParent());
    Path temporary = temporary(target);
    try {
      try (FileChannel out =
          FileChannel.open(temporary, Set.of(CREATE_NEW, WRITE, NOFOLLOW_LINKS))) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          out.write(buffer);
        }
        out.force(true);
      }
      install(temporary, target);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Renames a file that has been forced to the disk, and forces the folder where that works. */
  static void install(Path temporary, Path target) throws IOException {
    Files.move(temporary, target, ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(target.getParent(), READ)) {
      folder.force(true);
    } catch (IOException e) {
      // Windows cannot open a folder; the rename itself has succeeded.
      LOG.debug("cannot force folder {}", target.getParent(), e);
    }
  }
}
