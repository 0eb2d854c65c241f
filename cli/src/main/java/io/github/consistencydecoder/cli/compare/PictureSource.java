package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.images.InputFiles;
import io.github.consistencydecoder.cli.output.OutputFiles;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The source of pictures that belong to the inputs: decoded elsewhere, or the truth. A folder,
 * whose files are matched by name without ending, or one file, which belongs to whatever the one
 * input is.
 */
final class PictureSource {
  private final Path path;
  private final boolean folder;
  private final Map<String, List<Path>> byStem = new TreeMap<>();

  private PictureSource(Path path, boolean folder) {
    this.path = path;
    this.folder = folder;
  }

  /**
   * @throws CliException if it is neither a folder with pictures nor a file
   */
  static PictureSource of(Path path) {
    PictureSource source = new PictureSource(path, Files.isDirectory(path));
    if (!source.folder && !Files.exists(path)) {
      throw new CliException(ExitCode.INPUT, path + ": no such file or folder");
    }
    for (Path file : InputFiles.of(List.of(path), InputFiles.PICTURES, sentence -> {})) {
      source.byStem.computeIfAbsent(OutputFiles.stemOf(file), s -> new ArrayList<>()).add(file);
    }
    return source;
  }

  /** Whether it is one file, for one input. */
  boolean isFile() {
    return !folder;
  }

  Path path() {
    return path;
  }

  /** The names without endings. */
  Set<String> stems() {
    return byStem.keySet();
  }

  /**
   * The files for an input; more than one if that is not clear.
   *
   * @param stems by which it may be known
   * @param only whether there is no other input
   */
  List<Path> find(List<String> stems, boolean only) {
    if (!folder && only) {
      return List.of(path);
    }
    for (String stem : stems) {
      List<Path> files = byStem.get(stem);
      if (files != null) {
        return files;
      }
    }
    return List.of();
  }
}
