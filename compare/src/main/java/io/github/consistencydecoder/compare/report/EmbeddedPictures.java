package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.pictures.Region;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One input's pictures as data URIs. All in the same encoding, so that none has an advantage.
 *
 * @param encoding of all of them
 * @param shown what they are
 * @param wholes one for each in {@code shown}
 * @param crops for each crop one for each in {@code shown}
 */
record EmbeddedPictures(
    Encoding encoding,
    List<InputPictures.Shown> shown,
    List<String> wholes,
    List<List<String>> crops) {

  /**
   * The most faithful encoding that fits.
   *
   * @param allowance how many characters there is room for
   * @return empty if none fits
   */
  static Optional<EmbeddedPictures> fitting(
      InputPictures pictures, InputResult input, long allowance) throws IOException {
    for (Encoding encoding : Encoding.values()) {
      EmbeddedPictures embedded = of(encoding, pictures, input);
      if (embedded.size() <= allowance) {
        return Optional.of(embedded);
      }
    }
    return Optional.empty();
  }

  private static EmbeddedPictures of(Encoding encoding, InputPictures pictures, InputResult input)
      throws IOException {
    List<String> wholes = new ArrayList<>();
    for (InputPictures.Shown shown : pictures.shown()) {
      wholes.add(encoding.whole(shown));
    }
    List<List<String>> crops = new ArrayList<>();
    for (Region region : input.crops().values()) {
      List<String> row = new ArrayList<>();
      for (InputPictures.Shown shown : pictures.shown()) {
        row.add(encoding.crop(shown.picture().crop(region)));
      }
      crops.add(row);
    }
    return new EmbeddedPictures(encoding, pictures.shown(), wholes, crops);
  }

  /** In characters. */
  long size() {
    long sum = 0;
    for (String whole : wholes) {
      sum += whole.length();
    }
    for (List<String> row : crops) {
      for (String crop : row) {
        sum += crop.length();
      }
    }
    return sum;
  }
}
