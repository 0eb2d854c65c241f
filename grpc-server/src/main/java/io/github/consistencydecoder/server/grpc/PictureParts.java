package io.github.consistencydecoder.server.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.Part;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.PicturesHeader;
import io.github.consistencydecoder.server.core.DecodeSize;
import io.github.consistencydecoder.server.core.ServiceException;
import io.github.consistencydecoder.server.wire.PictureBytes;
import io.github.consistencydecoder.server.wire.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * A batch of pictures as parts of at most 1 MiB, each made when it is asked for. Files are made at
 * once, for their lengths come first. Not for use by several threads at once.
 */
final class PictureParts {
  /** Of a part, in bytes. */
  static final int MOST = 1 << 20;

  private final Pixels pixels;
  private final PictureFormat format;
  private final TensorType type;
  private final List<ByteString> files = new ArrayList<>();
  private int picture;
  private int plane;
  private int row;
  private long offset;

  PictureParts(Pixels pixels, PictureFormat format) {
    this.pixels = pixels;
    this.format = format;
    this.type = DecodeAnswers.type(format);
    if (DecodeAnswers.isFile(format)) {
      for (int k = 0; k < pixels.batch(); k++) {
        files.add(DecodeAnswers.file(pixels, k, format));
      }
    }
  }

  /**
   * Whether a row fits a part.
   *
   * @throws ServiceException {@code INVALID}
   */
  static void check(DecodeSize size, PictureFormat format) throws ServiceException {
    long row = rowBytes((long) Latents.PIXELS_PER_CELL * size.width(), DecodeAnswers.type(format));
    if (!DecodeAnswers.isFile(format) && row > MOST) {
      throw ServiceException.invalid(
          DecodeInput.FORMAT,
          "a row has " + row + " bytes, parts of a stream at most " + MOST + "; PNG has no rows");
    }
  }

  private static long rowBytes(long width, TensorType type) {
    return type == TensorType.UINT8 ? 3 * width : width * type.bytes();
  }

  PicturesHeader header() {
    PicturesHeader.Builder header =
        PicturesHeader.newBuilder()
            .setFormat(format)
            .addAllShape(DecodeAnswers.shape(pixels, format));
    long size = 3L * pixels.height() * pixels.width() * type.bytes();
    for (int k = 0; k < pixels.batch(); k++) {
      header.addSizes(files.isEmpty() ? size : files.get(k).size());
    }
    return header.build();
  }

  boolean hasNext() {
    return picture < pixels.batch();
  }

  Part next() {
    ByteString data = files.isEmpty() ? rows() : piece();
    Part part = Part.newBuilder().setPicture(picture).setOffset(offset).setData(data).build();
    offset += data.size();
    boolean done = files.isEmpty() ? row == 0 && plane == 0 : offset == files.get(picture).size();
    if (done) {
      picture++;
      offset = 0;
    }
    return part;
  }

  private ByteString piece() {
    ByteString file = files.get(picture);
    int from = (int) offset;
    return file.substring(from, Math.min(file.size(), from + MOST));
  }

  private ByteString rows() {
    long most = Math.max(1, MOST / rowBytes(pixels.width(), type));
    int rows = (int) Math.min(most, pixels.height() - row);
    byte[] data =
        type == TensorType.UINT8
            ? PictureBytes.rgb8Rows(pixels, picture, row, rows)
            : PictureBytes.planeRows(pixels, picture, plane, row, rows, type);
    row += rows;
    if (row == pixels.height()) {
      row = 0;
      plane = type == TensorType.UINT8 ? 0 : (plane + 1) % 3;
    }
    return UnsafeByteOperations.unsafeWrap(data);
  }
}
