package io.github.consistencydecoder.formats.pictures;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.apache.commons.imaging.common.RgbBufferedImageFactory;
import org.apache.commons.imaging.formats.png.PngImageParser;
import org.apache.commons.imaging.formats.png.PngImagingParameters;
import org.w3c.dom.NodeList;

/** Writes pictures as PNG (Commons Imaging) and JPEG (ImageIO). Safe for use by several threads. */
public final class PictureWriter {
  private static final String JPEG_TREE = "javax_imageio_jpeg_image_1.0";

  private PictureWriter() {}

  /** A whole PNG file, 8 bits a channel, without loss. */
  public static byte[] png(Picture picture) throws IOException {
    PngImagingParameters parameters = new PngImagingParameters();
    parameters.setBufferedImageFactory(new RgbBufferedImageFactory());
    parameters.setPredictorEnabled(true);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new PngImageParser().writeImage(image(picture), out, parameters);
    return out.toByteArray();
  }

  /**
   * A whole JPEG file with colour at full resolution (4:4:4).
   *
   * @param quality 1 to 100
   */
  public static byte[] jpeg(Picture picture, int quality) throws IOException {
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
    int w = picture.width();
    int h = picture.height();
    byte[] rgb = picture.rgb();
    BufferedImage image = new BufferedImage(w, h, BufferedImage.TYPE_INT_RGB);
    int[] row = new int[w];
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        int i = 3 * (y * w + x);
        row[x] = ((rgb[i] & 0xff) << 16) | ((rgb[i + 1] & 0xff) << 8) | (rgb[i + 2] & 0xff);
      }
      image.setRGB(0, y, w, 1, row, 0, w);
    }
    return image;
  }
}
