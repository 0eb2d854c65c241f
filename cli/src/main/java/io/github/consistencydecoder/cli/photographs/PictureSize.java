package io.github.consistencydecoder.cli.photographs;

import io.github.consistencydecoder.plugin.Latents;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A size that can be encoded.
 *
 * @param width in pixels, a multiple of 8
 * @param height in pixels, a multiple of 8
 */
public record PictureSize(int width, int height) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,6})(?:[x,](\\d{1,6}))?");
  private static final int LARGEST_SIDE = 16384;

  /** What the reader of pictures takes, too. */
  private static final long MOST_PIXELS = 64L << 20;

  public PictureSize {
    if (width < Latents.PIXELS_PER_CELL
        || height < Latents.PIXELS_PER_CELL
        || width % Latents.PIXELS_PER_CELL != 0
        || height % Latents.PIXELS_PER_CELL != 0) {
      throw new IllegalArgumentException(
          width + "x" + height + ": both sides must be multiples of " + Latents.PIXELS_PER_CELL);
    }
    if (width > LARGEST_SIDE || height > LARGEST_SIDE || (long) width * height > MOST_PIXELS) {
      throw new IllegalArgumentException(
          width
              + "x"
              + height
              + ": at most "
              + LARGEST_SIDE
              + " a side and "
              + MOST_PIXELS
              + " pixels can be asked for");
    }
  }

  /**
   * @param text {@code 512} for a square, or {@code 512x768}, width first
   * @throws IllegalArgumentException if it is neither, or a size that cannot be encoded
   */
  public static PictureSize parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no size; 512 for a square or 512x768 (width, height) is needed");
    }
    int width = Integer.parseInt(matcher.group(1));
    return new PictureSize(
        width, matcher.group(2) == null ? width : Integer.parseInt(matcher.group(2)));
  }

  @Override
  public String toString() {
    return width + "x" + height;
  }
}
