package io.github.consistencydecoder.cli.images;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the files that arguments name: a file itself, and of a folder those with an ending. */
public final class InputFiles {
  /**
   * Endings of pictures. Those of kinds that cannot be read are among them: it is better to say so
   * than to leave them out.
   */
  public static final Set<String> PICTURES =
      Set.of(
          "png", "apng", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "dib", "tif", "tiff", "webp",
          "heic", "heif", "avif", "jp2", "j2k", "jxl", "psd");

  /** Endings of files of latents. */
  public static final Set<String> LATENTS =
      Set.of("safetensors", "latent", "npy", "npz", "pt", "pth");

  private static final int NAMED = 5;

  private InputFiles() {}

  /**
   * The files in the order in which they were named, those of a folder by name, each once. Folders
   * within folders and hidden files are left out.
   *
   * @param endings that count in a folder, lower-case, without the dot
   * @param note takes a sentence for each folder of which something was left out
   * @throws CliException if a folder cannot be read or holds nothing that counts
   */
  public static List<Path> of(List<Path> named, Set<String> endings, Consumer<String> note) {
    Map<Path, Path> files = new LinkedHashMap<>();
    for (Path path : named) {
      List<Path> here = Files.isDirectory(path) ? inFolder(path, endings, note) : List.of(path);
      here.forEach(file -> files.putIfAbsent(file.toAbsolutePath().normalize(), file));
    }
    return List.copyOf(files.values());
  }

  private static List<Path> inFolder(Path folder, Set<String> endings, Consumer<String> note) {
    List<Path> counting = new ArrayList<>();
    List<Path> others = new ArrayList<>();
    for (Path file : list(folder)) {
      if (endings.contains(ending(file))) {
        counting.add(file);
      } else {
        others.add(file.getFileName());
      }
    }
    if (counting.isEmpty()) {
      throw new CliException(
          ExitCode.INPUT,
          folder
              + ": holds no file that can be an input"
              + (others.isEmpty() ? "" : ", only " + others(others)));
    }
    if (!others.isEmpty()) {
      note.accept(folder + ": left out " + others(others));
    }
    return counting;
  }

  private static String others(List<Path> files) {
    String names =
        files.stream().limit(NAMED).map(Path::toString).collect(Collectors.joining(", ", " (", ""));
    return (files.size() == 1 ? "1 file of another kind" : files.size() + " files of other kinds")
        + names
        + (files.size() > NAMED ? ", ..)" : ")");
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> !Files.isDirectory(file))
          .filter(file -> !String.valueOf(file.getFileName()).startsWith("."))
          .sorted(Comparator.comparing(file -> String.valueOf(file.getFileName())))
          .toList();
    } catch (IOException e) {
      throw new CliException(
          ExitCode.INPUT, Failure.of(folder.toString(), ExitCode.INPUT, e).message(), e);
    }
  }

  private static String ending(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }
}
