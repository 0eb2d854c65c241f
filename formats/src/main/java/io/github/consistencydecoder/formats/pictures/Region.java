package io.github.consistencydecoder.formats.pictures;

/**
 * A rectangle of a picture, in pixels from the top left corner.
 *
 * @param x of the first column, at least 0
 * @param y of the first row, at least 0
 * @param width at least 1
 * @param height at least 1
 */
public record Region(int x, int y, int width, int height) {
  public Region {
    if (x < 0 || y < 0 || width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "region " + x + "," + y + "," + width + "," + height + " is empty or begins outside");
    }
  }

  /**
   * Reads the form that {@link #toString} writes.
   *
   * @param text {@code x,y,width,height}
   * @throws IllegalArgumentException if it is not that
   */
  public static Region parse(String text) {
    String[] parts = text.split(",", -1);
    if (parts.length != 4) {
      throw new IllegalArgumentException("crop '" + text + "' is not of the form x,y,width,height");
    }
    int[] n = new int[4];
    for (int i = 0; i < 4; i++) {
      try {
        n[i] = Integer.parseInt(parts[i].strip());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "crop '" + text + "': '" + parts[i] + "' is not a whole number", e);
      }
    }
    return new Region(n[0], n[1], n[2], n[3]);
  }

  /** Whether it lies inside a picture of that size. */
  public boolean isInside(int pictureWidth, int pictureHeight) {
    return (long) x + width <= pictureWidth && (long) y + height <= pictureHeight;
  }

  @Override
  public String toString() {
    return x + "," + y + "," + width + "," + height;
  }
}
