package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;

/**
 * Limits of a picture file. Checked before anything is decoded.
 *
 * @param fileBytes size of a file
 * @param pixels rows times columns
 * @param side rows, and columns
 * @param untrusted whether strangers send the files: then only PNG and JPEG are read, and colour
 *     profiles, which native code interprets, are left alone
 */
public record PictureLimits(long fileBytes, long pixels, int side, boolean untrusted) {
  /** 256 MiB, 64 Mi pixels (8192 x 8192), 32768 a side; of one's own. */
  public static final PictureLimits DEFAULTS =
      new PictureLimits(256L << 20, 64L << 20, 32768, false);

  /** An embedded colour profile larger than this is not one, in bytes. */
  static final int PROFILE_BYTES = 4 << 20;

  /** A progressive JPEG repeats itself this often at most. */
  static final int JPEG_SCANS = 200;

  public PictureLimits {
    if (fileBytes < 1 || fileBytes > Integer.MAX_VALUE - 8 || pixels < 1 || side < 1) {
      throw new IllegalArgumentException(
          ("limits must be positive and files below 2 GiB: %s bytes, %s" + " pixels, %s a side")
              .formatted(fileBytes, pixels, side));
    }
    // Three bytes a pixel in one array.
    if (pixels > Integer.MAX_VALUE / 4) {
      throw new IllegalArgumentException(
          "pictures of " + pixels + " pixels do not fit; at most " + Integer.MAX_VALUE / 4);
    }
  }

  /**
   * @throws FormatException if a picture of that size is empty or too large
   */
  void checkSize(String file, long width, long height) throws FormatException {
    if (width < 1 || height < 1) {
      throw new FormatException(
          file, "it says to be " + width + "x" + height + " pixels, which is no picture");
    }
    if (width > side || height > side || width > pixels / height) {
      throw FormatException.tooLarge(
          file,
          ("it says to be %sx%s pixels, more than the limit of %s a side and"
                  + " %s altogether; scale it down first")
              .formatted(width, height, side, pixels));
    }
  }
}
