package io.github.consistencydecoder.cli.pictures;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Which files a decode writes.
 *
 * <p>{@code -o} names a file if it ends in {@code .png}, {@code .npy} or {@code .safetensors}, else
 * a folder, which is made if it is not there; files in it are called after the inputs. A batch of
 * more than one becomes {@code NAME-0.png}, {@code NAME-1.png} and so on, with as many digits as
 * the last one needs; the tensor formats hold a whole batch in one file.
 */
public final class OutputPlan {
  private final Map<Path, Path> stems;
  private final PictureFormat format;
  private final boolean overwrite;

  private OutputPlan(Map<Path, Path> stems, PictureFormat format, boolean overwrite) {
    this.stems = stems;
    this.format = format;
    this.overwrite = overwrite;
  }

  /**
   * Decides before anything is decoded, so that what cannot work fails at once.
   *
   * @param format asked for, or null to take it from the name, PNG in a folder
   * @param overwrite whether existing files may be replaced
   * @throws CliException if the names clash or exist
   */
  public static OutputPlan of(
      List<Path> inputs, Path out, PictureFormat format, boolean overwrite) {
    Optional<PictureFormat> named = PictureFormat.ofName(out);
    boolean folder = Files.isDirectory(out) || named.isEmpty();
    if (folder) {
      refuseForeignSuffix(out);
      OutputPlan plan =
          new OutputPlan(
              stemsInFolder(inputs, out), format == null ? PictureFormat.PNG : format, overwrite);
      inputs.forEach(input -> plan.refuseExisting(plan.files(input, 1), inputs));
      return plan;
    }
    if (inputs.size() > 1) {
      throw new CliException(
          ExitCode.USAGE,
          "-o "
              + out
              + ": is one file, there are "
              + inputs.size()
              + " inputs; give a folder instead");
    }
    if (format != null && format != named.get()) {
      throw new CliException(
          ExitCode.USAGE,
          "-o "
              + out
              + " and --format "
              + format.name().toLowerCase(Locale.ROOT)
              + " contradict each other");
    }
    OutputPlan plan =
        new OutputPlan(
            Map.of(inputs.get(0), withoutSuffix(out, named.get().suffix())),
            named.get(),
            overwrite);
    plan.refuseExisting(plan.files(inputs.get(0), 1), inputs);
    return plan;
  }

  /** What is written for an input that holds so many pictures, in the order of the batch. */
  public List<Path> files(Path input, int batch) {
    Path stem = stems.get(input);
    if (batch == 1 || format.wholeBatch()) {
      return List.of(Path.of(stem + format.suffix()));
    }
    int digits = Integer.toString(batch - 1).length();
    List<Path> files = new ArrayList<>(batch);
    for (int i = 0; i < batch; i++) {
      files.add(
          Path.of(String.format(Locale.ROOT, "%s-%0" + digits + "d%s", stem, i, format.suffix())));
    }
    return files;
  }

  /** What the files are written as. */
  public PictureFormat format() {
    return format;
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
          throw new CliException(
              ExitCode.USAGE, file + ": is an input, it is not replaced even with --force");
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
    Map<String, Path> seen = new HashMap<>();
    for (Path input : inputs) {
      String name = String.valueOf(input.getFileName());
      int dot = name.lastIndexOf('.');
      String stem = dot > 0 ? name.substring(0, dot) : name;
      Path earlier = seen.putIfAbsent(stem.toLowerCase(Locale.ROOT), input);
      if (earlier != null) {
        throw new CliException(
            ExitCode.USAGE,
            earlier
                + " and "
                + input
                + " would be written under one name in "
                + folder
                + "; decode them into different folders");
      }
      stems.put(input, folder.resolve(stem));
    }
    return stems;
  }

  private static void refuseForeignSuffix(Path out) {
    String name = String.valueOf(out.getFileName());
    if (!Files.isDirectory(out) && name.matches(".*\\.(?i:jpe?g|webp|tiff?|bmp|gif|pt|npz)")) {
      throw new CliException(
          ExitCode.USAGE,
          "-o " + out + ": .png, .npy and .safetensors can be written, or a folder named");
    }
  }

  private static Path withoutSuffix(Path file, String suffix) {
    String text = file.toString();
    return Path.of(text.substring(0, text.length() - suffix.length()));
  }
}
