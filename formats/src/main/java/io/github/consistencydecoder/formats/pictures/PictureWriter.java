package io.github.consistencydecoder.formats.pictures;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.w3c.dom.NodeList;

/**
 * Writes pictures as PNG and, with ImageIO, as JPEG. The same picture gives the same bytes: there
 * is no time stamp in them. Safe for use by several threads.
 */
public final class PictureWriter {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10};
  private static final byte[] HEADER_END = {8, 2, 0, 0, 0};
  private static final byte FILTER_UP = 2;
  private static final int LONGEST_KEYWORD = 79;
  private static final String JPEG_TREE = "javax_imageio_jpeg_image_1.0";

  private PictureWriter() {}

  /** As {@link #png(Picture, Map)}, without texts. */
  public static byte[] png(Picture picture) {
    return png(picture, Map.of());
  }

  /**
   * A whole PNG file, 8 bits a channel, RGB, marked as sRGB. Every row is filtered with "up" (the
   * difference to the row above) and deflated at the fastest level: time counts for more than the
   * last part of the size.
   *
   * @param texts keyword and value of text chunks, in this order: {@code tEXt} where Latin-1 can
   *     hold the value, else {@code iTXt}; keywords are cut to 79 characters
   */
  public static byte[] png(Picture picture, Map<String, String> texts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(picture.levels().length / 2 + 1024);
    out.writeBytes(SIGNATURE);
    ByteBuffer header = ByteBuffer.allocate(13).putInt(picture.width()).putInt(picture.height());
    chunk(out, "IHDR", header.put(HEADER_END).array());
    chunk(out, "sRGB", new byte[] {0});
    texts.forEach((keyword, value) -> text(out, keyword, value));
    chunk(out, "IDAT", deflated(picture));
    chunk(out, "IEND", new byte[0]);
    return out.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String key, String value) {
    byte[] keyword =
        (key.length() > LONGEST_KEYWORD ? key.substring(0, LONGEST_KEYWORD) : key)
            .getBytes(StandardCharsets.ISO_8859_1);
    // A zero byte would end the chunk's text.
    String clean = value.replace('\0', ' ');
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(keyword);
    content.write(0);
    if (StandardCharsets.ISO_8859_1.newEncoder().canEncode(clean)) {
      content.writeBytes(clean.getBytes(StandardCharsets.ISO_8859_1));
      chunk(out, "tEXt", content.toByteArray());
    } else {
      // Not compressed, no language, the keyword not translated.
      content.writeBytes(new byte[3]);
      content.writeBytes(keyword);
      content.write(0);
      content.writeBytes(clean.getBytes(StandardCharsets.UTF_8));
      chunk(out, "iTXt", content.toByteArray());
    }
  }

  private static byte[] deflated(Picture picture) {
    byte[] rgb = picture.levels();
    int stride = 3 * picture.width();
    byte[] row = new byte[1 + stride];
    row[0] = FILTER_UP;
    byte[] buffer = new byte[1 << 16];
    ByteArrayOutputStream out = new ByteArrayOutputStream(rgb.length / 2 + 1024);
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try {
      for (int at = 0; at < rgb.length; at += stride) {
        for (int i = 0; i < stride; i++) {
          row[1 + i] = (byte) (rgb[at + i] - (at == 0 ? 0 : rgb[at - stride + i]));
        }
        deflater.setInput(row);
        if (at + stride == rgb.length) {
          deflater.finish();
        }
        int n;
        while ((n = deflater.deflate(buffer)) > 0) {
          out.write(buffer, 0, n);
        }
      }
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }

  private static void chunk(ByteArrayOutputStream out, String type, byte[] content) {
    byte[] name = type.getBytes(StandardCharsets.ISO_8859_1);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(content);
    out.writeBytes(ByteBuffer.allocate(8).putInt(content.length).put(name).array());
    out.writeBytes(content);
    out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }

  /**
   * A whole JPEG file with colour at full resolution (4:4:4).
   *
   * @param quality 1 to 100
   */
  public static byte[] jpeg(Picture picture, int quality) {
    if (quality < 1 || quality > 100) {
      throw new IllegalArgumentException("JPEG quality " + quality + " is outside 1 .. 100");
    }
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      BufferedImage image = image(picture);
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality(quality / 100f);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, fullColour(writer, image, param)), param);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** ImageIO halves the colour's resolution at every quality unless its metadata says otherwise. */
  private static IIOMetadata fullColour(
      ImageWriter writer, BufferedImage image, ImageWriteParam param)
      throws IIOInvalidTreeException {
    IIOMetadata metadata =
        writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(image), param);
    IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(JPEG_TREE);
    NodeList components = root.getElementsByTagName("componentSpec");
    for (int i = 0; i < components.getLength(); i++) {
      IIOMetadataNode component = (IIOMetadataNode) components.item(i);
      component.setAttribute("HsamplingFactor", "1");
      component.setAttribute("VsamplingFactor", "1");
    }
    metadata.setFromTree(JPEG_TREE, root);
    return metadata;
  }

  private static BufferedImage image(Picture picture) {
    byte[] rgb = picture.levels();
    BufferedImage image =
        new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
    int[] packed = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    for (int i = 0; i < packed.length; i++) {
      packed[i] =
          (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | (rgb[3 * i + 2] & 0xff);
    }
    return image;
  }
}
