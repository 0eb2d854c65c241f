package io.github.consistencydecoder.cli.output;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The files that a decode writes.
 *
 * <p>{@code -o} names a file if it ends in {@code .png}, {@code .npy} or {@code .safetensors}, else
 * a folder, which is made if it is not there; files in it are called after the inputs. A batch of
 * more than one becomes {@code NAME-0.png}, {@code NAME-1.png} and so on, with as many digits as
 * the last one needs; the tensor formats hold a whole batch in one file.
 */
public final class OutputPlan {
  private final List<Path> inputs;
  private final OutputFiles files;
  private final PictureFormat format;
  private final Pixels.Rounding rounding;

  private OutputPlan(List<Path> inputs, OutputFiles files, Pixels.Rounding rounding) {
    this.inputs = inputs;
    this.files = files;
    this.format = PictureFormat.of(files.ending());
    this.rounding = rounding;
  }

  /**
   * Decides before anything is decoded, so that what cannot work fails at once.
   *
   * @param format asked for, or null to take it from the name, PNG in a folder
   * @param overwrite whether existing files may be replaced
   * @param rounding of pixels to bytes
   * @throws CliException if the names clash or exist
   */
  public static OutputPlan of(
      List<Path> inputs,
      Path out,
      PictureFormat format,
      boolean overwrite,
      Pixels.Rounding rounding) {
    List<String> endings =
        Arrays.stream(PictureFormat.values()).map(PictureFormat::suffix).toList();
    OutputFiles files =
        OutputFiles.of(inputs, out, endings, format == null ? null : format.suffix(), overwrite);
    OutputPlan plan = new OutputPlan(inputs, files, rounding);
    files.nameable(inputs).forEach(input -> plan.files(input, 1));
    return plan;
  }

  /**
   * What is written for an input that holds so many pictures.
   *
   * @throws CliException if a name leads to something that must stay
   */
  public PictureFiles files(Path input, int batch) {
    List<Path> named = names(input, batch);
    files.refuseExisting(named, inputs);
    return new PictureFiles(format, named, rounding);
  }

  private List<Path> names(Path input, int batch) {
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
}
