package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/** A further measure of how far apart two pictures are, for example LPIPS. Lower is closer. */
public interface PictureDistance {
  /** Lower-case, as it is written into files: {@code lpips-squeeze}. */
  String name();

  /**
   * Says which measure it is exactly, with its model's digest if it has one: results of another are
   * measured again.
   */
  default String identity() {
    return name();
  }

  /**
   * @param a borrowed
   * @param b of the same size; borrowed
   * @return 0 for equal pictures
   */
  double between(Picture a, Picture b);

  /** Pictures with a side below this are not measured. */
  default int smallestSide() {
    return 32;
  }
}
