package io.github.consistencydecoder.server.wire;

import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.core.ServiceException;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.apache.commons.imaging.common.RgbBufferedImageFactory;
import org.apache.commons.imaging.formats.png.PngImageParser;
import org.apache.commons.imaging.formats.png.PngImagingParameters;

/**
 * A PNG or JPEG file from outside. The structure is walked first: size limits hold before anything
 * is decoded, and texts, profiles and thumbnails never reach a decoder. The levels are taken as
 * sRGB; transparent pixels are laid over white.
 */
final class PictureFile {
  private final String field;
  private final byte[] bytes;
  private final long maxPixels;

  PictureFile(String field, byte[] bytes, long maxPixels) {
    this.field = field;
    this.bytes = bytes;
    this.maxPixels = maxPixels;
  }

  Pixels pixels() throws ServiceException {
    try {
      if (begins(0x89, 'P', 'N', 'G', 13, 10, 26, 10)) {
        return png(new PngScan(this).clean());
      }
      if (begins(0xff, 0xd8, 0xff)) {
        return jpeg(new JpegScan(this).clean());
      }
    } catch (IOException | RuntimeException e) {
      // Commons Imaging answers some damage with an IndexOutOfBoundsException and its like.
      throw damaged("its pixels cannot be decoded");
    }
    throw ServiceException.invalid(field, "this is neither a PNG nor a JPEG file");
  }

  private boolean begins(int... signature) {
    if (bytes.length < signature.length) {
      return false;
    }
    for (int i = 0; i < signature.length; i++) {
      if ((bytes[i] & 0xff) != signature[i]) {
        return false;
      }
    }
    return true;
  }

  byte[] bytes() {
    return bytes;
  }

  ServiceException damaged(String how) {
    return ServiceException.invalid(field, "the picture file is damaged: " + how);
  }

  ServiceException refused(String why) {
    return ServiceException.invalid(field, why);
  }

  /** Asked with what the header says, before anything is decoded. */
  void checkSize(long width, long height) throws ServiceException {
    if (width < 1 || height < 1) {
      throw damaged("it says to be " + width + "x" + height + " pixels");
    }
    if (width > maxPixels / height) {
      throw PictureRules.tooLarge(width, height, maxPixels);
    }
    PictureRules.checkSides(field, (int) width, (int) height);
  }

  /** {@code level = a v + (1 - a) 255}, rounded to nearest. */
  private static Pixels png(byte[] clean) throws IOException {
    PngImagingParameters parameters = new PngImagingParameters();
    parameters.setBufferedImageFactory(new RgbBufferedImageFactory());
    BufferedImage image = new PngImageParser().getBufferedImage(clean, parameters);
    int w = image.getWidth();
    int h = image.getHeight();
    float[] levels = new float[3 * w * h];
    int[] row = new int[w];
    for (int y = 0; y < h; y++) {
      image.getRGB(0, y, w, 1, row, 0, w);
      for (int x = 0; x < w; x++) {
        int alpha = row[x] >>> 24;
        for (int c = 0; c < 3; c++) {
          int v = (row[x] >> (16 - 8 * c)) & 0xff;
          int level = (alpha * v + (255 - alpha) * 255 + 127) / 255;
          levels[3 * (y * w + x) + c] = level;
        }
      }
    }
    return PictureRules.fromLevels(levels, 1, h, w);
  }

  /** The levels as they are; {@code getRGB} would treat grey as linear light. */
  private Pixels jpeg(byte[] clean) throws IOException, ServiceException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("jpeg").next();
    List<String> warnings = new ArrayList<>();
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(clean))) {
      reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
      reader.setInput(in, true, true);
      Raster raster = reader.read(0).getRaster();
      if (!warnings.isEmpty()) {
        throw damaged("a part of its pixels is missing or wrong");
      }
      int w = raster.getWidth();
      int h = raster.getHeight();
      int bands = raster.getNumBands();
      float[] levels = new float[3 * w * h];
      int[] row = new int[w * bands];
      for (int y = 0; y < h; y++) {
        raster.getPixels(raster.getMinX(), raster.getMinY() + y, w, 1, row);
        for (int x = 0; x < w; x++) {
          for (int c = 0; c < 3; c++) {
            levels[3 * (y * w + x) + c] = row[bands * x + (bands == 1 ? 0 : c)];
          }
        }
      }
      return PictureRules.fromLevels(levels, 1, h, w);
    } finally {
      reader.dispose();
    }
  }
}
