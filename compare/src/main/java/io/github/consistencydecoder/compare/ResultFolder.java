package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.compare.report.ColumnResult;
import io.github.consistencydecoder.compare.report.InputResult;
import io.github.consistencydecoder.compare.report.ResultJson;
import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The folder of one input's result, {@code results/NAME-xxxxxxxx} in the comparison's folder. Its
 * {@code result.json} is written last, so that a folder with one is complete.
 */
final class ResultFolder {
  private static final String RESULT = "result.json";

  private final Path folder;
  private final String relative;

  ResultFolder(Path comparison, String input) {
    // The digits keep names apart that look alike once they are fit for every file system.
    this.relative = "results/" + fileName(input) + "-" + ContentKey.brief(input);
    this.folder = comparison.resolve(relative);
  }

  /** As much of a name as every file system takes. */
  static String fileName(String name) {
    String plain =
        name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    String brief = plain.length() > 40 ? plain.substring(0, 40) : plain;
    return brief.isEmpty() ? "x" : brief;
  }

  String relative() {
    return relative;
  }

  /** An earlier run's result, if it is complete and of this key. */
  Optional<InputResult> read(String key) {
    return earlier()
        .filter(result -> result.key().equals(key) && result.folder().equals(relative))
        .filter(result -> files(result).stream().allMatch(this::isHere));
  }

  /** What an earlier run left; empty if it cannot be read, so that it is done again. */
  private Optional<InputResult> earlier() {
    try {
      Path file = folder.resolve(RESULT);
      return Files.isRegularFile(file)
          ? ResultJson.read(Files.readAllBytes(file))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static List<String> files(InputResult result) {
    List<String> files = new ArrayList<>();
    for (ColumnResult column : result.columns()) {
      files.add(column.file());
      column.differenceFile().ifPresent(files::add);
    }
    result.truthFile().ifPresent(files::add);
    return files;
  }

  private boolean isHere(String file) {
    return !file.contains("/") && !file.contains("\\") && Files.isRegularFile(folder.resolve(file));
  }

  /** Makes the folder, and makes it incomplete: an earlier run's result and pictures go. */
  void begin() throws IOException {
    Files.createDirectories(folder);
    List<String> old = earlier().map(ResultFolder::files).orElse(List.of());
    Files.deleteIfExists(folder.resolve(RESULT));
    for (String file : old) {
      if (isHere(file)) {
        Files.delete(folder.resolve(file));
      }
    }
  }

  void write(String file, Picture picture) throws IOException {
    AtomicFiles.write(folder.resolve(file), PictureWriter.png(picture));
  }

  /** Makes the folder complete. */
  void finish(InputResult result) throws IOException {
    AtomicFiles.write(folder.resolve(RESULT), ResultJson.write(result));
  }
}
