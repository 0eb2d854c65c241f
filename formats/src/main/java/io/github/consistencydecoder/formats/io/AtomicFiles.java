package io.github.consistencydecoder.formats.io;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Files whose name only ever leads to a complete one: written beside the target as {@code
 * .NAME.RANDOM.part}, forced to the disk, then renamed. A link in the target's place is replaced,
 * not followed. Nothing stays behind on failure.
 */
public final class AtomicFiles {
  /** Of what a killed process left; {@code .tmp} is what earlier releases wrote. */
  private static final Pattern TEMPORARY =
      Pattern.compile("\\..*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.(part|tmp)");

  /** So much of a name is kept, so that the longest file names still have room for the rest. */
  private static final int NAME_CHARS = 60;

  private AtomicFiles() {}

  /** Writes the content from the start of an empty file. */
  @FunctionalInterface
  public interface Content {
    /** Leaves the channel open. */
    void writeTo(FileChannel channel) throws IOException;
  }

  /** A name beside {@code target} that no other process uses. */
  public static Path temporary(Path target) {
    String name = String.valueOf(target.getFileName());
    int end =
        name.offsetByCodePoints(0, Math.min(NAME_CHARS, name.codePointCount(0, name.length())));
    return target.resolveSibling("." + name.substring(0, end) + "." + UUID.randomUUID() + ".part");
  }

  /** Whether a file or folder has a name of {@link #temporary}. */
  public static boolean isTemporary(Path file) {
    return TEMPORARY.matcher(String.valueOf(file.getFileName())).matches();
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
    Path folder = target.toAbsolutePath().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      Files.createDirectories(folder);
    }
    write(
        target,
        out -> {
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          while (buffer.hasRemaining()) {
            out.write(buffer);
          }
        });
  }

  /** Writes a text in UTF-8. Its folder is made where needed. */
  public static void write(Path target, String text) throws IOException {
    write(target, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Renames a file that has been forced to the disk, and forces the folder where that works. */
  public static void install(Path temporary, Path target) throws IOException {
    Files.move(temporary, target, ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(target.toAbsolutePath().getParent(), READ)) {
      folder.force(true);
    } catch (IOException e) {
      // Windows cannot open a folder; the rename itself has succeeded.
    }
  }
}
