package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.Part;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.PicturesHeader;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Pictures put together from their parts. Takes only what the protocol says: the shape that was
 * asked for, then whole rows, picture after picture without gaps, all values finite. Room is made
 * for no more than was asked for. Not for use by several threads.
 */
final class PictureAssembly {
  private final Failures failures;
  private final List<Long> shape;
  private final float[] values;
  private final int perPicture;
  private final int perRow;
  private int filled;

  private PictureAssembly(Failures failures, List<Long> shape) {
    this.failures = failures;
    this.shape = shape;
    this.perRow = shape.get(3).intValue();
    this.perPicture = (int) (shape.get(1) * shape.get(2) * shape.get(3));
    this.values = new float[shape.get(0).intValue() * perPicture];
  }

  /**
   * Begins.
   *
   * @param shape {@code [N, 3, H, W]} that was asked for
   * @throws DecoderException if the header tells of something else
   */
  static PictureAssembly begin(PicturesHeader header, List<Long> shape, Failures failures) {
    if (header.getFormat() != PictureFormat.PICTURE_FORMAT_FLOAT32) {
      throw failures.broken(
          "pictures in the form " + header.getFormat() + ", FLOAT32 was asked for");
    }
    if (!header.getShapeList().equals(shape)) {
      throw failures.broken(
          "pictures of shape " + header.getShapeList() + " for latents that give " + shape);
    }
    long size = Float.BYTES * shape.get(1) * shape.get(2) * shape.get(3);
    if (header.getSizesCount() != shape.get(0)
        || !header.getSizesList().stream().allMatch(s -> s == size)) {
      throw failures.broken(
          "sizes of pictures "
              + header.getSizesList()
              + ", "
              + shape.get(0)
              + " of "
              + size
              + " bytes are needed");
    }
    return new PictureAssembly(failures, shape);
  }

  /**
   * Adds a part.
   *
   * @throws DecoderException if it is not the next one
   */
  void add(Part part) {
    int picture = filled / perPicture;
    long offset = (long) Float.BYTES * (filled % perPicture);
    if (part.getPicture() != picture || part.getOffset() != offset) {
      throw failures.broken(
          "a part of picture "
              + part.getPicture()
              + " at byte "
              + part.getOffset()
              + " where "
              + (filled == values.length ? "none" : "picture " + picture + " at byte " + offset)
              + " was due");
    }
    int size = part.getData().size();
    int row = Float.BYTES * perRow;
    long left = (long) Float.BYTES * perPicture - offset;
    if (size == 0 || size % row != 0 || size > left) {
      throw failures.broken(
          "a part of " + size + " bytes; whole rows of " + row + " were due, at most " + left);
    }
    FloatBuffer floats = FloatTensors.floats(part.getData());
    int count = floats.remaining();
    floats.get(values, filled, count);
    for (int i = filled; i < filled + count; i++) {
      if (!Float.isFinite(values[i])) {
        throw failures.broken(
            "value " + i % perPicture + " of picture " + picture + " is " + values[i]);
      }
    }
    filled += count;
  }

  /**
   * The pictures. Nothing may be added afterwards.
   *
   * @throws DecoderException if some are missing
   */
  Pixels pixels() {
    if (filled != values.length) {
      throw failures.broken(
          "the end after "
              + (long) Float.BYTES * filled
              + " of "
              + (long) Float.BYTES * values.length
              + " bytes of pictures");
    }
    return Pixels.takeOver(
        values, shape.get(0).intValue(), shape.get(2).intValue(), shape.get(3).intValue());
  }
}
