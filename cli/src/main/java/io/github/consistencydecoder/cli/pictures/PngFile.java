package io.github.consistencydecoder.cli.pictures;

import io.github.consistencydecoder.plugin.Pixels;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.imaging.formats.png.AbstractPngText;
import org.apache.commons.imaging.formats.png.PngImageParser;
import org.apache.commons.imaging.formats.png.PngImagingParameters;

/**
 * One picture as an 8-bit RGB PNG with the parameters in text chunks: {@code tEXt} where Latin-1
 * can hold the value, else {@code iTXt}. No time stamp, so the same picture gives the same bytes.
 */
final class PngFile {
  private static final int LONGEST_KEYWORD = 79;

  private PngFile() {}

  static void write(
      Path target, Pixels pixels, int index, Pixels.Rounding rounding, Map<String, String> text)
      throws IOException {
    BufferedImage image = image(pixels, index, rounding);
    PngImagingParameters parameters = new PngImagingParameters();
    parameters.setForceTrueColor(true);
    parameters.setPredictorEnabled(true);
    List<AbstractPngText> chunks = new ArrayList<>();
    text.forEach((key, value) -> chunks.add(chunk(key, value)));
    parameters.setTextChunks(chunks);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new PngImageParser().writeImage(image, bytes, parameters);
    CompleteFile.write(target, bytes.toByteArray());
  }

  private static AbstractPngText chunk(String key, String value) {
    String keyword = key.length() > LONGEST_KEYWORD ? key.substring(0, LONGEST_KEYWORD) : key;
    // A zero byte would end the chunk's text.
    String clean = value.replace('\0', ' ');
    return StandardCharsets.ISO_8859_1.newEncoder().canEncode(clean)
        ? new AbstractPngText.Text(keyword, clean)
        : new AbstractPngText.Itxt(keyword, clean, "", keyword);
  }

  private static BufferedImage image(Pixels pixels, int index, Pixels.Rounding rounding) {
    byte[] rgb = pixels.rgb8(index, rounding);
    BufferedImage image =
        new BufferedImage(pixels.width(), pixels.height(), BufferedImage.TYPE_INT_RGB);
    int[] packed = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    for (int i = 0; i < packed.length; i++) {
      packed[i] =
          (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | (rgb[3 * i + 2] & 0xff);
    }
    return image;
  }
}
