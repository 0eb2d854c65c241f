package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The pictures of one input, from its folder, in the order in which they are shown: the truth, the
 * decoders, the difference maps.
 */
record InputPictures(List<Shown> shown) {
  /**
   * A picture with its heading.
   *
   * @param name of the decoder, or {@value InputResult#TRUTH}
   * @param isDifference whether it is the map of that decoder's differences
   * @param file where it lies
   */
  record Shown(String name, boolean isDifference, Path file, Picture picture) {}

  static InputPictures of(ReportData data, InputResult input) throws IOException {
    Path folder = data.folder().resolve(input.folder());
    PictureReader reader = new PictureReader();
    List<Shown> shown = new ArrayList<>();
    if (input.truthFile().isPresent()) {
      shown.add(shown(reader, InputResult.TRUTH, false, folder.resolve(input.truthFile().get())));
    }
    for (ColumnResult column : input.columns()) {
      shown.add(shown(reader, column.name(), false, folder.resolve(column.file())));
    }
    for (ColumnResult column : input.columns()) {
      if (column.differenceFile().isPresent()) {
        shown.add(
            shown(reader, column.name(), true, folder.resolve(column.differenceFile().get())));
      }
    }
    return new InputPictures(shown);
  }

  private static Shown shown(PictureReader reader, String name, boolean isDifference, Path file)
      throws IOException {
    return new Shown(name, isDifference, file, reader.read(file).picture());
  }
}
