package io.github.consistencydecoder.models.store.cache;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

/**
 * A file, or a folder with everything in it, that others may be changing or removing meanwhile.
 * Links are not followed.
 *
 * @param bytes of the files
 * @param modified when the newest of the files and folders was; the epoch if there are none
 */
public record FileTree(long bytes, Instant modified) {
  /** What there is of it. */
  static FileTree of(Path root) throws IOException {
    Sum sum = new Sum();
    Files.walkFileTree(root, sum);
    return new FileTree(sum.bytes, sum.modified.toInstant());
  }

  /** Deletes a file or folder with everything in it; what is gone already is fine. */
  public static void delete(Path root) throws IOException {
    Files.walkFileTree(root, new Deletion());
  }

  private static class Tolerant extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }
  }

  private static final class Sum extends Tolerant {
    private long bytes;
    private FileTime modified = FileTime.fromMillis(0);

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      see(attributes);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      see(attributes);
      bytes += attributes.size();
      return FileVisitResult.CONTINUE;
    }

    private void see(BasicFileAttributes attributes) {
      FileTime time = attributes.lastModifiedTime();
      modified = time.compareTo(modified) > 0 ? time : modified;
    }
  }

  private static final class Deletion extends Tolerant {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
      if (e != null) {
        throw e;
      }
      Files.deleteIfExists(folder);
      return FileVisitResult.CONTINUE;
    }
  }
}
