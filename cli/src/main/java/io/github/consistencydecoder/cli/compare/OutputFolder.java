package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The folder of a comparison. It may hold an earlier one, which is continued, but no files of
 * another origin that would be replaced.
 *
 * @param path not necessarily there
 */
record OutputFolder(Path path) {
  /** What a comparison writes, in the order in which a person looks at it. */
  static final List<String> FILES =
      List.of("report.html", "sheet.png", "metrics.json", "metrics.csv");

  private static final String RESULTS = "results";

  /**
   * @param inputs files and folders that are read
   * @throws CliException if something there must stay
   */
  static OutputFolder of(Path path, List<Path> inputs) {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new CliException(ExitCode.USAGE, "-o " + path + ": is a file, a folder is needed");
    }
    for (Path input : inputs) {
      if (same(input, path)) {
        throw new CliException(
            ExitCode.USAGE, "-o " + path + ": is an input; the results need a folder of their own");
      }
    }
    if (!Files.isDirectory(path.resolve(RESULTS))) {
      for (String file : FILES) {
        if (Files.exists(path.resolve(file))) {
          throw new CliException(
              ExitCode.FAILED,
              path.resolve(file)
                  + ": exists already and is of no comparison that could be continued; give"
                  + " another folder");
        }
      }
    }
    return new OutputFolder(path);
  }

  private static boolean same(Path a, Path b) {
    try {
      return Files.isSameFile(a, b);
    } catch (IOException e) {
      return false;
    }
  }
}
