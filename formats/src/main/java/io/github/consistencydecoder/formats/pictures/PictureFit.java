package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.plugin.Latents;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings photographs to a size that can be encoded: both sides multiples of 8, and all of one size
 * where that is asked for.
 *
 * @param fit what happens to what is too large or too small
 * @param size all shall have; absent to leave each as large as it is
 */
public record PictureFit(Mode fit, Optional<Size> size) {
  /** {@code --fit}: what happens to a photograph that does not have the size that is needed. */
  public enum Mode {
    /** The middle of it is taken. */
    CROP,
    /** Its edges are repeated around it. */
    PAD,
    /** It is an error. */
    REFUSE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A picture whose sides are multiples of 8.
   *
   * @param picture what is left
   * @param notes sentences about what was done to it, beginning with "it" or "its"; empty if
   *     nothing was
   */
  public record Fitted(Picture picture, List<String> notes) {
    /** Copies the notes. */
    public Fitted {
      notes = List.copyOf(notes);
    }
  }

  /**
   * A size that can be encoded.
   *
   * @param width in pixels, a multiple of 8
   * @param height in pixels, a multiple of 8
   */
  public record Size(int width, int height) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})(?:[x,](\\d{1,6}))?");
    private static final int LARGEST_SIDE = 16384;

    /** What the reader of pictures takes, too. */
    private static final long MOST_PIXELS = 64L << 20;

    public Size {
      if (width < Latents.PIXELS_PER_CELL
          || height < Latents.PIXELS_PER_CELL
          || width % Latents.PIXELS_PER_CELL != 0
          || height % Latents.PIXELS_PER_CELL != 0) {
        throw new IllegalArgumentException(
            width + "x" + height + ": both sides must be multiples of " + Latents.PIXELS_PER_CELL);
      }
      if (width > LARGEST_SIDE || height > LARGEST_SIDE || (long) width * height > MOST_PIXELS) {
        throw new IllegalArgumentException(
            "%sx%s: at most %s a side and %s pixels can be asked for"
                .formatted(width, height, LARGEST_SIDE, MOST_PIXELS));
      }
    }

    /**
     * @param text {@code 512} for a square, or {@code 512x768}, width first
     * @throws IllegalArgumentException if it is neither, or a size that cannot be encoded
     */
    public static Size parse(String text) {
      Matcher matcher = FORM.matcher(text.strip());
      if (!matcher.matches()) {
        throw new IllegalArgumentException(
            "'" + text + "' is no size; 512 for a square or 512x768 (width, height) is needed");
      }
      int width = Integer.parseInt(matcher.group(1));
      return new Size(width, matcher.group(2) == null ? width : Integer.parseInt(matcher.group(2)));
    }

    @Override
    public String toString() {
      return width + "x" + height;
    }
  }

  /**
   * Fits a picture.
   *
   * @param subject the picture in messages
   * @throws FormatException if the picture would have to be changed and may not be, or is too small
   */
  public Fitted apply(String subject, Picture picture) throws FormatException {
    List<String> notes = new ArrayList<>();
    Picture fitted =
        size.isPresent()
            ? toSize(subject, picture, size.get(), notes)
            : toCells(subject, picture, notes);
    return new Fitted(fitted, notes);
  }

  /** Says exactly what is done, for recognising results of an earlier run. */
  public String identity() {
    return fit + (size.isPresent() ? " " + size.get() : "");
  }

  private Picture toCells(String subject, Picture picture, List<String> notes)
      throws FormatException {
    int cell = Latents.PIXELS_PER_CELL;
    int more = fit == Mode.PAD ? cell - 1 : 0;
    int w = (picture.width() + more) / cell * cell;
    int h = (picture.height() + more) / cell * cell;
    if (w == picture.width() && h == picture.height()) {
      return picture;
    }
    if (fit == Mode.REFUSE) {
      throw new FormatException(
          subject,
          ("is %s pixels, multiples of %s are needed; --fit crop or --fit pad" + " makes them")
              .formatted(text(picture), cell));
    }
    if (w == 0 || h == 0) {
      throw new FormatException(
          subject,
          "is %s pixels, at least %sx%s are needed; --fit pad or --size enlarges it"
              .formatted(text(picture), cell, cell));
    }
    return fit == Mode.PAD ? padded(picture, w, h, notes) : middle(picture, w, h, notes);
  }

  private Picture toSize(String subject, Picture picture, Size wanted, List<String> notes)
      throws FormatException {
    // The same if the picture has the proportions of the size.
    long byWidth = (long) wanted.width() * picture.height();
    long byHeight = (long) wanted.height() * picture.width();
    int w = wanted.width();
    int h = wanted.height();
    return switch (fit) {
      case CROP -> {
        // Cropped first, since a long and narrow picture may not fit into memory when enlarged.
        Picture middle =
            byWidth > byHeight
                ? middle(picture, picture.width(), side(byHeight, w), notes)
                : middle(picture, side(byWidth, h), picture.height(), notes);
        yield scaled(middle, w, h, notes);
      }
      case PAD -> {
        Picture within =
            byWidth > byHeight
                ? scaled(picture, side(byHeight, picture.height()), h, notes)
                : scaled(picture, w, side(byWidth, picture.width()), notes);
        yield padded(within, w, h, notes);
      }
      case REFUSE -> {
        if (byWidth != byHeight) {
          throw new FormatException(
              subject,
              ("is %s pixels, which cannot become %s without distortion; --fit"
                      + " crop or --fit pad makes it")
                  .formatted(text(picture), wanted));
        }
        yield scaled(picture, w, h, notes);
      }
    };
  }

  private static int side(long product, int by) {
    return (int) Math.max(1, Math.round((double) product / by));
  }

  private static Picture scaled(Picture picture, int w, int h, List<String> notes) {
    if (w == picture.width() && h == picture.height()) {
      return picture;
    }
    notes.add("it was scaled from " + text(picture) + " to " + w + "x" + h);
    return Scaling.scale(picture, w, h);
  }

  private static Picture middle(Picture picture, int w, int h, List<String> notes) {
    if (w == picture.width() && h == picture.height()) {
      return picture;
    }
    notes.add("it was cropped from " + text(picture) + " to " + w + "x" + h + ", its middle");
    return picture.crop(new Region((picture.width() - w) / 2, (picture.height() - h) / 2, w, h));
  }

  private static Picture padded(Picture picture, int w, int h, List<String> notes) {
    if (w == picture.width() && h == picture.height()) {
      return picture;
    }
    notes.add(
        "it was padded from " + text(picture) + " to " + w + "x" + h + " by repeating its edges");
    int left = (w - picture.width()) / 2;
    int top = (h - picture.height()) / 2;
    byte[] in = picture.rgb();
    byte[] out = new byte[3 * w * h];
    for (int y = 0; y < h; y++) {
      int fromY = Math.min(Math.max(y - top, 0), picture.height() - 1);
      for (int x = 0; x < w; x++) {
        int fromX = Math.min(Math.max(x - left, 0), picture.width() - 1);
        System.arraycopy(in, 3 * (fromY * picture.width() + fromX), out, 3 * (y * w + x), 3);
      }
    }
    return Picture.takeOver(w, h, out);
  }

  private static String text(Picture picture) {
    return picture.width() + "x" + picture.height();
  }
}
