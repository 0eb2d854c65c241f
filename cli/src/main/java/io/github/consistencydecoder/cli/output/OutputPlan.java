package io.github.consistencydecoder.cli.output;

import io.github.consistencydecoder.cli.shell.CliException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Which files a decode writes.
 *
 * <p>{@code -o} names a file if it ends in {@code .png}, {@code .npy} or {@code .safetensors}, else
 * a folder, which is made if it is not there; files in it are called after the inputs. A batch of
 * more than one becomes {@code NAME-0.png}, {@code NAME-1.png} and so on, with as many digits as
 * the last one needs; the tensor formats hold a whole batch in one file.
 */
public final class OutputPlan {
  private final OutputFiles files;
  private final PictureFormat format;

  private OutputPlan(OutputFiles files, PictureFormat format) {
    this.files = files;
    this.format = format;
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
    List<String> endings =
        Arrays.stream(PictureFormat.values()).map(PictureFormat::suffix).toList();
    OutputFiles files =
        OutputFiles.of(inputs, out, endings, format == null ? null : format.suffix(), overwrite);
    OutputPlan plan = new OutputPlan(files, PictureFormat.of(files.ending()));
    files.nameable(inputs).forEach(input -> plan.refuseExisting(plan.files(input, 1), inputs));
    return plan;
  }

  /** What is written for an input that holds so many pictures, in the order of the batch. */
  public List<Path> files(Path input, int batch) {
    if (batch == 1 || format.wholeBatch()) {
      return List.of(files.file(input));
    }
    int digits = Integer.toString(batch - 1).length();
    List<Path> numbered = new ArrayList<>(batch);
    for (int i = 0; i < batch; i++) {
      numbered.add(files.file(input, String.format(Locale.ROOT, "-%0" + digits + "d", i)));
    }
    return numbered;
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
  public void refuseExisting(List<Path> wanted, List<Path> inputs) {
    files.refuseExisting(wanted, inputs);
  }
}
