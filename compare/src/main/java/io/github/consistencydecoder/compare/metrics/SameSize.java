package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/** Pictures of different sizes are not compared. */
final class SameSize {
  private SameSize() {}

  static void check(Picture a, Picture b) {
    if (!a.sameSizeAs(b)) {
      throw new IllegalArgumentException(
          "pictures of "
              + a.width()
              + "x"
              + a.height()
              + " and "
              + b.width()
              + "x"
              + b.height()
              + " cannot be compared pixel by pixel");
    }
  }
}
