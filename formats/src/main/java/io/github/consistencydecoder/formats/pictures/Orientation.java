package io.github.consistencydecoder.formats.pictures;

/**
 * EXIF's and TIFF's orientation (tag 0x0112): which way up the camera was held. 1 upright, 2
 * mirrored left to right, 3 upside down, 4 mirrored top to bottom, 5 transposed, 6 to be turned
 * clockwise, 7 transposed over the other diagonal, 8 to be turned counterclockwise.
 */
final class Orientation {
  static final int UPRIGHT = 1;
  private static final int TAG = 0x0112;

  private Orientation() {}

  /**
   * Of a TIFF structure, which is what an EXIF block is.
   *
   * @return 1 to 8; 1 where it is absent or cannot be read, for a damaged EXIF block is no reason
   *     to lose a photograph
   */
  static int of(byte[] tiff) {
    TiffDirectory directory = TiffDirectory.parse(tiff);
    long value = directory == null ? UPRIGHT : directory.number(TAG, UPRIGHT);
    return value >= 1 && value <= 8 ? (int) value : UPRIGHT;
  }

  /** The picture as it should be looked at. */
  static Picture upright(Picture picture, int orientation) {
    if (orientation == UPRIGHT) {
      return picture;
    }
    int w = picture.width();
    int h = picture.height();
    boolean swapped = orientation >= 5;
    int outWidth = swapped ? h : w;
    int outHeight = swapped ? w : h;
    byte[] in = picture.rgb();
    byte[] out = new byte[in.length];
    for (int y = 0; y < outHeight; y++) {
      for (int x = 0; x < outWidth; x++) {
        int fromX =
            switch (orientation) {
              case 2, 3 -> w - 1 - x;
              case 5, 6 -> y;
              case 7, 8 -> w - 1 - y;
              default -> x;
            };
        int fromY =
            switch (orientation) {
              case 3, 4 -> h - 1 - y;
              case 5, 8 -> x;
              case 6, 7 -> h - 1 - x;
              default -> y;
            };
        System.arraycopy(in, 3 * (fromY * w + fromX), out, 3 * (y * outWidth + x), 3);
      }
    }
    return Picture.takeOver(outWidth, outHeight, out);
  }
}
