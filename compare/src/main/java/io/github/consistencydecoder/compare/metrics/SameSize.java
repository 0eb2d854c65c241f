package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/** Pictures of different sizes are not compared. */
final class SameSize {
  private SameSize() {}

  static void check(Picture a, Picture b) {
    if (!a.sameSizeAs(b)) {
      throw new IllegalArgumentException(
          "pictures of %sx%s and %sx%s cannot be compared pixel by pixel"
              .formatted(a.width(), a.height(), b.width(), b.height()));
    }
  }
}
