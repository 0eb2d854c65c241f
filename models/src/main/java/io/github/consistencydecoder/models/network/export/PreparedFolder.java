package io.github.consistencydecoder.models.network.export;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A folder that appears under its name when it is complete: it is filled under a temporary name
 * beside it, forced to the disk and renamed.
 *
 * <p>Owns the temporary folder. One thread.
 */
public final class PreparedFolder implements AutoCloseable {
  /** What the folder of an ONNX model holds; a folder that holds anything else is not replaced. */
  private static final Set<String> REPLACED =
      Set.of(
          OnnxExport.MODEL,
          OnnxExport.DATA,
          OnnxExport.CONFIG,
          "model.onnx.data",
          "weights.pb",
          "model.ort");

  private final Path target;
  private final boolean overwrite;
  private final Path temporary;
  private boolean installed;

  private PreparedFolder(Path target, boolean overwrite, Path temporary) {
    this.target = target;
    this.overwrite = overwrite;
    this.temporary = temporary;
  }

  /**
   * Makes the temporary folder, and the folders above it where needed.
   *
   * @param target the name that the folder is to have
   * @param overwrite whether a folder of that name may be replaced
   * @throws FileAlreadyExistsException if the name is taken and must not be
   * @throws FileSystemException naming a file that would be lost, if the folder to be replaced
   *     holds more than an ONNX model
   */
  public static PreparedFolder beside(Path target, boolean overwrite) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    if (absolute.getFileName() == null) {
      throw new FileSystemException(target.toString(), null, "is no name for a folder");
    }
    requireReplaceable(absolute, overwrite);
    Files.createDirectories(absolute.getParent());
    Path temporary = AtomicFiles.temporary(absolute);
    Files.createDirectory(temporary);
    return new PreparedFolder(absolute, overwrite, temporary);
  }

  /** Where to write; real path. */
  public Path folder() throws IOException {
    return temporary.toRealPath();
  }

  /** The name that it will have. */
  public Path target() {
    return target;
  }

  /** Gives the folder its name. */
  public void install() throws IOException {
    for (Path file : content(temporary)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
    }
    requireReplaceable(target, overwrite);
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      Path old = AtomicFiles.temporary(target);
      Files.move(target, old, ATOMIC_MOVE);
      try {
        AtomicFiles.install(temporary, target);
      } catch (IOException e) {
        Files.move(old, target, ATOMIC_MOVE);
        throw e;
      }
      installed = true;
      delete(old);
    } else {
      AtomicFiles.install(temporary, target);
      installed = true;
    }
  }

  private static void requireReplaceable(Path target, boolean overwrite) throws IOException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!overwrite) {
      throw new FileAlreadyExistsException(target.toString(), null, "exists already");
    }
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(
          target.toString(), null, "is not a folder and is not replaced");
    }
    for (Path p : content(target)) {
      String name = p.getFileName().toString();
      if (!REPLACED.contains(name) || !Files.isRegularFile(p, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileSystemException(
            target.toString(),
            null,
            "holds '" + name + "', which no export writes; move it away first");
      }
    }
  }

  private static List<Path> content(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path p : all) {
      Files.deleteIfExists(p);
    }
  }

  /** Removes the temporary folder unless it has its name. */
  @Override
  public void close() throws IOException {
    if (!installed) {
      delete(temporary);
    }
  }
}
