package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureLimits;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.util.List;

/**
 * Rules for pictures to encode: pictures as tensors or files, with sides that are multiples of 8.
 */
public final class PictureRules {
  /** Values of pictures are in [-1, 1]; some pipelines overshoot a little. */
  private static final float LARGEST = 16;

  /** Of a JPEG file, as its writer and reader have it. */
  private static final int JPEG_SIDE = 65_500;

  private PictureRules() {}

  /**
   * Reads a tensor, {@code [N, 3, H, W]} in {@code [-1, 1]} of a floating-point type or {@code [N,
   * H, W, 3]} of uint8.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static Pixels pixels(WireTensor tensor) throws ServiceException {
    TensorFields fields = tensor.fields();
    DecodeSize size = size(fields, tensor.type(), tensor.shape());
    int n = size.batch();
    int height = Latents.PIXELS_PER_CELL * size.height();
    int width = Latents.PIXELS_PER_CELL * size.width();
    float[] values = tensor.finiteFloats();
    if (tensor.type() == TensorType.UINT8) {
      return fromLevels(values, n, height, width);
    }
    for (float value : values) {
      if (Math.abs(value) > LARGEST) {
        throw ServiceException.invalid(
            fields.data(),
            "a value is " + value + "; pictures of a floating-point type are in [-1, 1]");
      }
    }
    return Pixels.takeOver(values, n, height, width);
  }

  /**
   * The size of an encoding by its shape alone, in cells of 8 pixels.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static DecodeSize size(TensorFields fields, TensorType type, List<Long> shape)
      throws ServiceException {
    String found = "pictures of shape " + shape;
    boolean levels = type == TensorType.UINT8;
    String needed = levels ? "[N, H, W, 3]" : "[N, 3, H, W]";
    if (shape.size() != 4) {
      throw ServiceException.invalid(
          fields.shape(), found + ": 4 dimensions " + needed + " are needed");
    }
    WireTensor.bytes(fields, TensorType.FLOAT32, shape);
    if (shape.get(levels ? 3 : 1) != 3) {
      throw ServiceException.invalid(
          fields.shape(), found + ": " + type.torchName() + " needs " + needed);
    }
    int height = shape.get(levels ? 1 : 2).intValue();
    int width = shape.get(levels ? 2 : 3).intValue();
    checkSides(fields.shape(), width, height);
    return DecodeSize.ofEncoding(
        shape.get(0).intValue(), height / Latents.PIXELS_PER_CELL, width / Latents.PIXELS_PER_CELL);
  }

  static void checkSides(String field, int width, int height) throws ServiceException {
    if (width % Latents.PIXELS_PER_CELL != 0 || height % Latents.PIXELS_PER_CELL != 0) {
      throw ServiceException.invalid(
          field,
          ("a picture of %sx%s pixels cannot be encoded: both sides must be multiples of"
                  + " 8, crop or enlarge it")
              .formatted(width, height));
    }
  }

  /**
   * Reads a PNG or JPEG file.
   *
   * @param field of the file
   * @param maxPixels of the picture; checked before it is decoded
   * @throws ServiceException {@code INVALID} or {@code TOO_LARGE}
   */
  public static Pixels file(String field, byte[] file, long maxPixels) throws ServiceException {
    PictureLimits limits = new PictureLimits(Math.max(1, file.length), maxPixels, JPEG_SIDE, true);
    try {
      Picture picture = new PictureReader(limits).read(field, file).picture();
      checkSides(field, picture.width(), picture.height());
      return picture.toPixels();
    } catch (FormatException e) {
      throw e.tooLarge()
          ? ServiceException.of(ServiceError.TOO_LARGE, e.withoutFile())
          : ServiceException.invalid(field, e.withoutFile());
    }
  }

  /** {@code v = level / 127.5 - 1}; the order changes from [N, H, W, 3] to [N, 3, H, W]. */
  static Pixels fromLevels(float[] levels, int batch, int height, int width) {
    int plane = height * width;
    float[] values = new float[levels.length];
    for (int k = 0; k < batch; k++) {
      for (int i = 0; i < plane; i++) {
        for (int c = 0; c < 3; c++) {
          values[(k * 3 + c) * plane + i] = levels[3 * (k * plane + i) + c] / 127.5f - 1;
        }
      }
    }
    return Pixels.takeOver(values, batch, height, width);
  }

  /**
   * Whether pictures of a decode can be JPEG files.
   *
   * @param field that asks for them
   * @throws ServiceException {@code INVALID}
   */
  public static void checkJpeg(String field, DecodeSize size) throws ServiceException {
    int side = Latents.PIXELS_PER_CELL * Math.max(size.height(), size.width());
    if (side > JPEG_SIDE) {
      throw ServiceException.invalid(
          field,
          "a side of " + side + " pixels does not fit a JPEG file, which has at most " + JPEG_SIDE);
    }
  }
}
