package io.github.consistencydecoder.formats.io;

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
 * Files whose name only ever leads to a complete one: written beside the target under a name of
 * their own, forced to the disk, then renamed. A link in the target's place is replaced, not
 * followed. Nothing stays behind on failure.
 */
public final class AtomicFiles {
  private static final Logger LOG = LoggerFactory.getLogger(AtomicFiles.class);

  private AtomicFiles() {}

  /** Writes the content from the start of an empty file. */
  @FunctionalInterface
  public interface Content {
    /** Leaves the channel open. */
    void writeTo(FileChannel channel) throws IOException;
  }

  /** A name beside {@code target} that no other process uses. */
  public static Path temporary(Path target) {
    return target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
  }

  /** Writes a file into a folder that exists. */
  public static void write(Path target, Content content) throws IOException {
    Path absolute = target.toAbsolutePath();
    if (absolute.getFileName() == null) {
      throw new IOException(target + " is no name for a file");
    }
    Path temporary = temporary(absolute);
    try {
      try (FileChannel out =
          FileChannel.open(temporary, Set.of(CREATE_NEW, WRITE, NOFOLLOW_LINKS))) {
        content.writeTo(out);
        out.force(true);
      }
      install(temporary, absolute);
    } catch (Throwable e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** Writes a small file. Its folder is made where needed. */
  public static void write(Path target, byte[] bytes) throws IOException {
    Files.createDirectories(target.toAbsolutePath().getParent());
    write(
        target,
        out -> {
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          while (buffer.hasRemaining()) {
            out.write(buffer);
          }
        });
  }

  /** Renames a file that has been forced to the disk, and forces the folder where that works. */
  public static void install(Path temporary, Path target) throws IOException {
    Files.move(temporary, target, ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(target.toAbsolutePath().getParent(), READ)) {
      folder.force(true);
    } catch (IOException e) {
      // Windows cannot open a folder; the rename itself has succeeded.
      LOG.debug("cannot force folder {}", target.getParent(), e);
    }
  }
}
