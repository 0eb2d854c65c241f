package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** JPEG through the JDK's own decoder; what it had to put up with counts as damage. */
final class JpegDecoder {
  private JpegDecoder() {}

  /** Four levels a pixel: cyan, magenta, yellow and black, 255 for all of an ink. */
  record Inks(int width, int height, byte[] levels) {}

  /** Reads the inks, which are stored as what they leave of the light. */
  static Inks inks(String file, JpegFile.Content content) throws IOException {
    Raster raster = read(file, content.scanned().clean(), (reader) -> reader.readRaster(0, null));
    int w = raster.getWidth();
    int h = raster.getHeight();
    byte[] levels = new byte[4 * w * h];
    int[] row = new int[4 * w];
    for (int y = 0; y < h; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, w, 1, row);
      for (int x = 0; x < 4 * w; x += 4) {
        int at = 4 * y * w + x;
        double light = row[x];
        double blue = row[x + 1] - 128;
        double red = row[x + 2] - 128;
        levels[at] = level(content.mixed() ? light + 1.402 * red : 255 - row[x]);
        levels[at + 1] =
            level(content.mixed() ? light - 0.344136 * blue - 0.714136 * red : 255 - row[x + 1]);
        levels[at + 2] = level(content.mixed() ? light + 1.772 * blue : 255 - row[x + 2]);
        levels[at + 3] = level(255 - row[x + 3]);
      }
    }
    return new Inks(w, h, levels);
  }

  private static byte level(double value) {
    return (byte) Math.round(Math.min(Math.max(value, 0), 255));
  }

  static Picture decode(String file, byte[] clean) throws IOException {
    return read(file, clean, reader -> of(reader.read(0).getRaster()));
  }

  private interface Reading<T> {
    T of(ImageReader reader) throws IOException;
  }

  private static <T> T read(String file, byte[] clean, Reading<T> reading) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("jpeg");
    if (!readers.hasNext()) {
      throw new IOException("this Java runtime has no JPEG decoder");
    }
    ImageReader reader = readers.next();
    List<String> warnings = new ArrayList<>();
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(clean))) {
      reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
      reader.setInput(in, true, true);
      T result = reading.of(reader);
      if (!warnings.isEmpty()) {
        throw new FormatException(
            file, "the JPEG is damaged: a part of its pixels is missing or wrong");
      }
      return result;
    } finally {
      reader.dispose();
    }
  }

  /** The levels as they are; {@code getRGB} would treat grey as linear light. */
  private static Picture of(Raster raster) {
    int w = raster.getWidth();
    int h = raster.getHeight();
    int bands = raster.getNumBands();
    int[] row = new int[w * bands];
    byte[] rgb = new byte[3 * w * h];
    for (int y = 0; y < h; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, w, 1, row);
      for (int x = 0; x < w; x++) {
        for (int c = 0; c < 3; c++) {
          rgb[3 * (y * w + x) + c] = (byte) row[bands * x + (bands == 1 ? 0 : c)];
        }
      }
    }
    return Picture.takeOver(w, h, rgb);
  }
}
