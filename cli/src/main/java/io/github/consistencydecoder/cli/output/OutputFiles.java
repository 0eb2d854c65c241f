package io.github.consistencydecoder.cli.output;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The files for the results of several inputs. {@code -o} names a file if it has one of the endings
 * that can be written, else a folder, which is made if it is not there; files in it are called
 * after the inputs: without their endings, with them where several would be called the same, with
 * their folders where that is not enough.
 */
public final class OutputFiles {
  /** Names that somebody expects to be a file of that kind, not a folder. */
  private static final String FILE_NAMES =
      ".*\\.(?i:png|jpe?g|webp|tiff?|bmp|gif|npy|npz|safetensors|latent|pt)";

  /** Standard input or output in place of a file. */
  public static final String STANDARD = "-";

  /** Stands for bytes of a name that are no character. */
  private static final char UNREADABLE = '\ufffd';

  private static final List<Function<Path, String>> NAMINGS =
      List.of(
          OutputFiles::stemOf,
          file -> String.valueOf(file.getFileName()),
          file -> file.normalize().toString().replaceAll("[/\\\\:]+", "-").replaceAll("^-", ""));

  private final Map<Path, Path> stems;
  private final String ending;
  private final String spelling;
  private final boolean overwrite;

  /**
   * @param ending in small letters
   * @param spelling the same as the person typed it
   */
  private OutputFiles(Map<Path, Path> stems, String ending, String spelling, boolean overwrite) {
    this.stems = stems;
    this.ending = ending;
    this.spelling = spelling;
    this.overwrite = overwrite;
  }

  /**
   * Decides before anything is done, so that what cannot work fails at once.
   *
   * @param endings that can be written, with the dot; the first is the usual one
   * @param asked for by {@code --format}, or null to take it from the name
   * @param overwrite whether existing files may be replaced
   * @throws CliException if the names clash or contradict each other
   */
  public static OutputFiles of(
      List<Path> inputs, Path out, List<String> endings, String asked, boolean overwrite) {
    Optional<String> named = endingOf(out, endings);
    if (Files.isDirectory(out) || named.isEmpty()) {
      refuseForeignEnding(out, endings);
      String ending = asked == null ? endings.get(0) : asked;
      return new OutputFiles(stemsInFolder(inputs, out), ending, ending, overwrite);
    }
    if (inputs.size() > 1) {
      throw usage(
          "-o %s: is one file, there are %s inputs; give a folder instead"
              .formatted(out, inputs.size()));
    }
    if (asked != null && !asked.equals(named.get())) {
      throw usage("-o " + out + " and --format " + asked.substring(1) + " contradict each other");
    }
    String text = out.toString();
    int dot = text.length() - named.get().length();
    return new OutputFiles(
        Map.of(inputs.get(0), Path.of(text.substring(0, dot))),
        named.get(),
        text.substring(dot),
        overwrite);
  }

  /** What kind of file is written: with the dot, in small letters. */
  public String ending() {
    return ending;
  }

  /**
   * The one file of an input.
   *
   * @throws CliException if a file cannot be called after it
   */
  public Path file(Path input) {
    return file(input, "");
  }

  /**
   * One of an input's files.
   *
   * @param number what comes between the name and its ending
   * @throws CliException if a file cannot be called after the input
   */
  public Path file(Path input, String number) {
    Path stem = stems.get(input);
    if (stem == null) {
      throw new CliException(ExitCode.INPUT, input + ": " + Failure.UNWRITABLE);
    }
    return Path.of(stem + number + spelling);
  }

  /** Those of the inputs that files can be called after. */
  public List<Path> nameable(List<Path> inputs) {
    return inputs.stream().filter(stems::containsKey).toList();
  }

  /**
   * Refuses names that lead to something that must stay.
   *
   * @param inputs of the whole command
   */
  public void refuseExisting(List<Path> files, List<Path> inputs) {
    for (Path file : files) {
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      if (Files.isDirectory(file)) {
        throw new CliException(ExitCode.FAILED, file + ": is a folder, it is not replaced");
      }
      for (Path input : inputs) {
        if (same(input, file)) {
          throw usage(file + ": is an input, it is not replaced even with --force");
        }
      }
      if (!overwrite) {
        throw new CliException(ExitCode.FAILED, file + ": exists already; --force replaces it");
      }
    }
  }

  private static boolean same(Path a, Path b) {
    try {
      return Files.isSameFile(a, b);
    } catch (IOException e) {
      return false;
    }
  }

  private static Map<Path, Path> stemsInFolder(List<Path> inputs, Path folder) {
    Map<Path, Path> stems = new HashMap<>();
    Set<String> taken = new HashSet<>();
    List<Path> left = List.copyOf(inputs);
    for (Function<Path, String> naming : NAMINGS) {
      Map<String, Long> uses =
          left.stream().collect(Collectors.groupingBy(naming, Collectors.counting()));
      List<Path> clashing = new ArrayList<>();
      for (Path input : left) {
        String name = naming.apply(input);
        boolean alone = uses.get(name) == 1 || name.indexOf(UNREADABLE) >= 0;
        if (alone && taken.add(name.toLowerCase(Locale.ROOT))) {
          resolve(folder, name).ifPresent(file -> stems.put(input, file));
        } else if (name.indexOf(UNREADABLE) < 0) {
          clashing.add(input);
        }
      }
      left = clashing;
    }
    if (!left.isEmpty()) {
      throw usage(
          ("%s: another input would be written under the same name in %s;"
                  + " write them into different folders")
              .formatted(left.get(0), folder));
    }
    return stems;
  }

  private static Optional<Path> resolve(Path folder, String name) {
    try {
      return Optional.of(folder.resolve(name));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** A file's name without its folder and its ending. */
  public static String stemOf(Path file) {
    String name = String.valueOf(file.getFileName());
    if (name.equals(STANDARD)) {
      return "stdin";
    }
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  private static Optional<String> endingOf(Path file, List<String> endings) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return endings.stream().filter(name::endsWith).findFirst();
  }

  private static void refuseForeignEnding(Path out, List<String> endings) {
    if (!Files.isDirectory(out) && String.valueOf(out.getFileName()).matches(FILE_NAMES)) {
      throw usage(
          "-o %s: %s and %s can be written, or a folder named"
              .formatted(
                  out,
                  String.join(", ", endings.subList(0, endings.size() - 1)),
                  endings.get(endings.size() - 1)));
    }
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }
}
