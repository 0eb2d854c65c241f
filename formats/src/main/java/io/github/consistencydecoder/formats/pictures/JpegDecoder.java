package io.github.consistencydecoder.formats.pictures;

import io.github.consistencydecoder.formats.io.FormatException;
import java.awt.image.BufferedImage;
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

  static Picture decode(String file, byte[] clean) throws IOException {
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
      BufferedImage image = reader.read(0);
      if (!warnings.isEmpty()) {
        throw new FormatException(
            file, "the JPEG is damaged: a part of its pixels is missing or wrong");
      }
      return of(image.getRaster());
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
