package io.github.consistencydecoder.formats.pictures;

import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.ColorConvertOp;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.util.List;
import java.util.stream.IntStream;

/** Turns the colours of an ICC profile into sRGB, with the JDK's colour management. */
final class ColourProfile {
  private static final int GRID = 9;

  private ColourProfile() {}

  /**
   * @param picture levels in the profile's colours
   * @param profile an ICC profile, or empty for sRGB
   * @param notes takes a sentence if something was done or could not be done
   */
  static Picture toSrgb(Picture picture, byte[] profile, List<String> notes) {
    if (profile.length == 0) {
      return picture;
    }
    try {
      ICC_Profile from = ICC_Profile.getInstance(profile);
      int bands = from.getNumComponents();
      boolean grey = from.getColorSpaceType() == ColorSpace.TYPE_GRAY && bands == 1;
      if (!grey && (from.getColorSpaceType() != ColorSpace.TYPE_RGB || bands != 3)) {
        notes.add("its colour profile is for other colours than the picture's and was ignored");
        return picture;
      }
      byte[] grid = grid(grey);
      if (nearlyEqual(convert(grid, bands, from), grid, bands)) {
        return picture;
      }
      byte[] levels = picture.rgb();
      byte[] converted = convert(grey ? red(levels) : levels, bands, from);
      notes.add("its colours were converted from its own profile to sRGB");
      return Picture.takeOver(picture.width(), picture.height(), converted);
    } catch (IllegalArgumentException | CMMException e) {
      notes.add("its colour profile is damaged and was ignored");
      return picture;
    }
  }

  /** A few colours from all over: what they become tells whether the profile is sRGB itself. */
  private static byte[] grid(boolean grey) {
    int n = grey ? GRID : GRID * GRID * GRID;
    byte[] grid = new byte[grey ? n : 3 * n];
    for (int i = 0; i < grid.length; i++) {
      int k = grey ? i : i / 3;
      int step = (grey || i % 3 == 0 ? k : i % 3 == 1 ? k / GRID : k / GRID / GRID) % GRID;
      grid[i] = (byte) Math.round(step * 255f / (GRID - 1));
    }
    return grid;
  }

  /**
   * The light that inks leave.
   *
   * @param inks cyan, magenta, yellow and black of each pixel, 255 for all of an ink
   * @param profile an ICC profile, or empty for an estimate
   * @param notes takes a sentence about what was done
   */
  static Picture ofInks(int w, int h, byte[] inks, byte[] profile, List<String> notes) {
    try {
      if (profile.length > 0
          && ICC_Profile.getInstance(profile).getColorSpaceType() == ColorSpace.TYPE_CMYK) {
        Picture picture =
            Picture.takeOver(w, h, convert(inks, 4, ICC_Profile.getInstance(profile)));
        notes.add("its colours were converted from its own profile to sRGB");
        return picture;
      }
    } catch (IllegalArgumentException | CMMException e) {
      notes.add("its colour profile is damaged and was ignored");
    }
    notes.add("it is in CMYK, the colours of print, and no profile was used: they are estimated");
    byte[] rgb = new byte[3 * w * h];
    for (int i = 0; i < rgb.length; i++) {
      int pixel = i / 3 * 4;
      int light = (255 - (inks[pixel + i % 3] & 0xff)) * (255 - (inks[pixel + 3] & 0xff));
      rgb[i] = (byte) ((light + 127) / 255);
    }
    return Picture.takeOver(w, h, rgb);
  }

  private static boolean nearlyEqual(byte[] converted, byte[] grid, int bands) {
    for (int i = 0; i < converted.length; i++) {
      int before = grid[bands == 1 ? i / 3 : i] & 0xff;
      if (Math.abs((converted[i] & 0xff) - before) > 2) {
        return false;
      }
    }
    return true;
  }

  private static byte[] red(byte[] rgb) {
    byte[] red = new byte[rgb.length / 3];
    for (int i = 0; i < red.length; i++) {
      red[i] = rgb[3 * i];
    }
    return red;
  }

  private static byte[] convert(byte[] levels, int bands, ICC_Profile from) {
    ICC_Profile[] profiles = {
      from, ((ICC_ColorSpace) ColorSpace.getInstance(ColorSpace.CS_sRGB)).getProfile()
    };
    byte[] out = new byte[levels.length / bands * 3];
    new ColorConvertOp(profiles, null).filter(raster(levels, bands), raster(out, 3));
    return out;
  }

  private static WritableRaster raster(byte[] levels, int bands) {
    int[] offsets = IntStream.range(0, bands).toArray();
    // Rows of bounded length, for a raster's sides are multiplied inside.
    int n = levels.length / bands;
    return Raster.createInterleavedRaster(
        (DataBuffer) new DataBufferByte(levels, levels.length),
        n,
        1,
        levels.length,
        bands,
        offsets,
        null);
  }
}
